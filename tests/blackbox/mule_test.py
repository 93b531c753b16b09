#!/usr/bin/env python3
"""Bundles that another device carries: Ben has no network, Ada has, and what goes through hers ends as the same by his own would."""
import hashlib
import itertools
import random
import time

import tap
from equal import insist_on_equality
from harness import NOT_FOUND, REFUSED, Device, Server, World, with_a_job
from tap import promise, size

TOMAS = "Tomas Hale"


def two_devices(world):
    """(server, the device without a network, the one that carries)"""
    server, ben = with_a_job(world)
    return server, ben, Device.enrolled(server, TOMAS, "carrier")


class Stick:
    def __init__(self, world):
        self.dir = world.dir / "stick"
        self.dir.mkdir()
        self.numbers = itertools.count(1)

    def path(self):
        return self.dir / f"{next(self.numbers):03}.bundle"

    def of(self, device):
        path = self.path()
        device.run("bundle", "export", path)
        return path

    def answer(self, carrier, device):
        path = self.path()
        carrier.run("bundle", "export", path, "--for", device.id[:8])
        return path


def states(carrier):
    return sorted(bundle["state"] for bundle in carrier.run("bundle", "list")["bundles"])


@promise
def what_a_device_without_a_network_did_goes_through_another_and_the_answer_comes_back():
    with World() as world:
        server, ben, carrier = two_devices(world)
        stick = Stick(world)
        for number in range(3):
            ben.run("note", "HH-5001", f"note {number}")
        server.run("edit", "work_order", "HH-5001", "title=another")
        assert carrier.run("bundle", "carry", stick.of(ben))["files"][0]["result"] == "carried"
        assert states(carrier) == ["waiting"]
        told = carrier.sync()
        assert (told["carried_answers"], told["carried_waiting"]) == (1, 0), told
        assert states(carrier) == ["answer"]
        assert len([o for o in server.log_of_operations() if o["kind"] == "add_note"]) == 3
        listed, = carrier.run("bundle", "list")["bundles"]
        assert (listed["device"], listed["name"], listed["percent"]) == (ben.id, "001", 100), listed
        carrier.run("bundle", "export", stick.path(), "--for", "001")
        assert ben.run("bundle", "import", stick.answer(carrier, ben))["files"][0]["result"] == "taken"
        insist_on_equality(server, ben)
        insist_on_equality(server, carrier)


def envelopes_of(path):
    """(what is before their number, the envelopes)"""
    data = path.read_bytes()
    at, envelopes = 45, []
    for _ in range(int.from_bytes(data[41:45], "little")):
        length = int.from_bytes(data[at:at + 4], "little")
        envelopes.append(data[at + 4:at + 4 + length])
        at += 4 + length
    return data[:41], envelopes


def put_together(path, head, envelopes):
    """As somebody would who knows the form, and no key."""
    body = head + len(envelopes).to_bytes(4, "little") + b"".join(len(e).to_bytes(4, "little") + e for e in envelopes)
    path.write_bytes(body + hashlib.blake2b(body, key=b"truckroll/bundle/v1", digest_size=32).digest())
    return path


def note_texts(server):
    return sorted(note["text"] for note in server.rows("note") if note["text"].startswith("note "))


@promise
def a_carrier_that_leaves_out_repeats_and_exchanges_envelopes_does_no_harm():
    with World() as world:
        server, ben, carrier = two_devices(world)
        stick, chance = Stick(world), random.Random(5)
        for number in range(size(4, 8, 20)):
            ben.run("note", "HH-5001", f"note {number}")
            head, envelopes = envelopes_of(stick.of(ben))
            wrong = chance.choices(envelopes, k=chance.randrange(1, 6))
            wrong.insert(chance.randrange(len(wrong) + 1), chance.choice([b"TRK1" + chance.randbytes(200), envelopes[0][:-1]]))
            carrier.run("bundle", "carry", put_together(stick.path(), head, wrong))
            if chance.random() < 0.5:
                carrier.sync()
            if chance.random() < 0.3:
                server.run("edit", "work_order", "HH-5001", f"title=title {number}")
        carrier.sync()
        carrier.run("bundle", "carry", stick.of(ben))
        carrier.sync()
        ben.run("bundle", "import", stick.answer(carrier, ben))
        assert note_texts(server) == sorted(f"note {number}" for number in range(size(4, 8, 20))), note_texts(server)
        insist_on_equality(server, ben)
        insist_on_equality(server, carrier)
        ben.sync()
        insist_on_equality(server, ben)


@promise
def what_is_carried_goes_on_where_it_was_when_either_side_is_killed():
    with World() as world:
        server, ben, carrier = two_devices(world)
        stick, chance = Stick(world), random.Random(9)
        ben.go_to_work()
        photo = world.dir / "photo.jpg"
        photo.write_bytes(b"\xff\xd8\xff" + chance.randbytes(4000000))
        ben.run("photo", photo)
        carrier.run("bundle", "carry", stick.of(ben))
        for _ in range(size(4, 8, 30)):
            carrier.start_agent()
            time.sleep(chance.random() * 0.4)
            if chance.random() < 0.3:
                server.kill()
                server.start()
            carrier.kill_agent()
        carrier.sync()
        assert states(carrier) == ["answer"]
        assert [row["state"] for row in server.run("file", "list")["files"]] == ["here"]
        ben.run("bundle", "import", stick.answer(carrier, ben))
        assert [row["state"] for row in ben.run("file", "list")["files"]] == ["here"]
        insist_on_equality(server, ben)


@promise
def what_came_by_a_carrier_by_a_stick_and_by_the_network_counts_once():
    with World() as world:
        server, ben, carrier = two_devices(world)
        stick = Stick(world)
        for number in range(3):
            ben.run("note", "HH-5001", f"note {number}")
            path = stick.of(ben)
            carrier.run("bundle", "carry", path)
            if number == 0:
                server.run("bundle", "import", path)
            elif number == 1:
                ben.sync()
            carrier.sync()
            assert carrier.run("bundle", "carry", path)["files"][0]["result"] == "carried"
        carrier.sync()
        ben.run("bundle", "import", stick.answer(carrier, ben))
        ben.sync()
        assert note_texts(server) == ["note 0", "note 1", "note 2"], note_texts(server)
        insist_on_equality(server, ben)


@promise
def what_cannot_be_carried_is_told_in_plain_words():
    with World() as world:
        server, ben, carrier = two_devices(world)
        strange = Server.made(world, name="strange")
        stranger = Device.enrolled(strange, "Ada Brannock", "stranger")
        stick = Stick(world)
        down = stick.path()
        server.run("bundle", "export", ben.id, down)
        damaged = stick.of(ben)
        damaged.write_bytes(damaged.read_bytes()[:-1])
        cases = [(stick.of(carrier), REFUSED, "of this device itself"), (down, REFUSED, "is for device"),
                 (stick.of(stranger), REFUSED, "another organisation"), (damaged, None, "was cut")]
        for path, code, words in cases:
            answer = carrier.ask("bundle", "carry", path, expect=code)
            assert words in answer.reason, answer
        assert states(carrier) == []
        for _ in range(16):
            carrier.run("bundle", "carry", stick.of(ben))
        assert "as many bundles as it may" in carrier.ask("bundle", "carry", stick.of(ben), expect=None).reason
        carrier.ask("bundle", "export", stick.path(), "--for", ben.id[:8], expect=NOT_FOUND)
        server.run("device", "revoke", carrier.id, "--stolen")
        carrier.ask("sync", expect=None)
        assert states(carrier) == ["waiting"] * 16, states(carrier)


if __name__ == "__main__":
    tap.main()
