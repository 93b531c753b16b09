#!/usr/bin/env python3
"""Who is let in, and who is not."""
import shutil

import tap

from harness import CORRUPT, DONE, NOT_FOUND, OFFLINE, REFUSED, USAGE, Device, Server, World
from peer import Peer, kind_of, wire
from proxy import DOWN, Cut
from tap import promise, until

ADA, TOMAS = "Ada Brannock", "Tomas Hale"


def invite(server, technician=ADA, *options):
    return server.run("device", "invite", "--technician", technician, *options)["code"]


def reason_of(answer):
    assert kind_of(answer) == wire.ENROL_REFUSED, answer
    return int.from_bytes(answer[8:12], "little")


@promise
def a_device_that_was_approved_after_comparing_six_words_is_in():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet-1")
        assert len(device.words.split()) == 6
        listed = server.run("device", "list")["devices"]
        assert [(d["name"], d["state"], d["technician"]) for d in listed] == [("tablet-1", "active", ADA)], listed
        device.sync()
        assert device.run("status")


@promise
def a_device_written_from_the_documents_alone_is_let_in_and_gets_its_rows():
    with World() as world:
        server = Server.made(world)
        peer = Peer(server.port)
        grant = peer.enrol(server, ADA)
        assert grant.technician_name == ADA
        reply = peer.open_reply(peer.ask(peer.hello()))
        assert reply.type == wire.WELCOME


@promise
def a_wrong_code_is_refused_with_a_sentence():
    with World() as world:
        server = Server.made(world)
        device = Device(world, "tablet-1")
        answer = device.ask("enroll", "0000000000000", "--server", server.url, "--wait", 5, expect=REFUSED)
        assert "code" in answer.reason, str(answer)
        answer = device.ask("enroll", "not-a-code", "--server", server.url, expect=USAGE)
        assert "code" in answer.reason, str(answer)


@promise
def a_used_code_lets_no_second_device_in():
    with World() as world:
        server = Server.made(world)
        first = Device(world, "first")
        code = invite(server)
        first.enrol(server, code, server.url)
        second = Device(world, "second")
        answer = second.ask("enroll", code, "--server", server.url, "--wait", 5, expect=REFUSED)
        assert "code" in answer.reason, str(answer)
        assert [d["name"] for d in server.run("device", "list")["devices"]] == ["first"]


@promise
def an_expired_code_is_refused():
    with World() as world:
        server = Server.made(world)
        code = server.run("device", "invite", "--technician", ADA, "--minutes", 1)["code"]
        server.stop()
        # The ticket is made older in the store itself: no test waits a minute.
        import sqlite3
        store = sqlite3.connect(server.dir / "organisation.db")
        tables = [name for name, in store.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%ticket%'")]
        assert len(tables) == 1, tables
        store.execute(f"UPDATE {tables[0]} SET expires_at_ms = expires_at_ms - 120000, created_at_ms = created_at_ms - 120000")
        store.commit()
        store.close()
        server.start()
        answer = Device(world, "late").ask("enroll", code, "--server", server.url, "--wait", 5, expect=REFUSED)
        assert "expired" in answer.reason or "too old" in answer.reason, str(answer)


@promise
def five_wrong_tries_kill_a_code_and_the_right_one_comes_too_late():
    with World() as world:
        server = Server.made(world)
        code, other = invite(server), invite(server)
        peer = Peer(server.port)
        for _ in range(5):
            reason_of(peer.ask(peer.request(code, mac_code=other)))
        assert reason_of(peer.ask(peer.request(code))) == 3
        assert kind_of(peer.ask(peer.request(other))) == wire.ENROL_PENDING


@promise
def who_was_not_approved_gets_nothing():
    with World() as world:
        server = Server.made(world)
        peer = Peer(server.port)
        code = invite(server)
        assert kind_of(peer.ask(peer.request(code))) == wire.ENROL_PENDING
        waiting = server.run("device", "list")["devices"][0]
        peer.id = bytes.fromhex(waiting["id"])
        assert kind_of(peer.provoke(peer.hello())) != wire.WELCOME
        assert server.run("status")["operations"] > 0


@promise
def an_enrolment_that_was_killed_goes_on_with_the_same_code():
    with World() as world:
        server = Server.made(world)
        device = Device(world, "tablet-1")
        code = invite(server)
        process = device.start_enrolment(code, server.url)
        until(device.shown_words, "the device shows its six words")
        process.kill()
        process.wait()
        device.enrol(server, code, server.url)
        device.sync()


@promise
def an_enrolment_outlives_a_lost_connection_and_lost_answers_from_its_first_message_on():
    with World() as world:
        server = Server.made(world)
        line = world.proxy(server)
        lost = []

        def cut_each_once(link, direction, data):
            """The keys, that the office was asked, and the grant: each is lost once, with the connection."""
            if direction == DOWN and kind_of(data[12:]) not in lost:
                lost.append(kind_of(data[12:]))
                raise Cut()

        line.refuse_next = 1
        line.on_message = cut_each_once
        device = Device.enrolled(server, ADA, "tablet-1", line.url)
        line.on_message = None
        assert lost == [wire.ENROL_KEYS, wire.ENROL_PENDING, wire.ENROL_GRANT] and line.refuse_next == 0, (lost, line.refuse_next)
        assert [d["name"] for d in server.run("device", "list")["devices"]] == ["tablet-1"]
        device.sync()


@promise
def enrolling_where_no_server_answers_says_so():
    with World() as world:
        server = Server.made(world)
        code = invite(server)
        server.stop()
        answer = Device(world, "tablet-1").ask("enroll", code, "--server", server.url, "--wait", 2, expect=OFFLINE)
        assert str(server.port) in answer.reason, str(answer)


@promise
def an_invitation_names_the_host_unless_the_server_listens_at_all_addresses():
    with World() as world:
        server = Server.made(world, start=False)
        for host in ("127.0.0.1", "*", "", "0.0.0.0"):
            server.start(host=host)
            said = world.run("truckrolld", "device", "invite", "--technician", ADA, "--dir", server.dir, expect=DONE).out
            assert f"--server tcp://{host if host == '127.0.0.1' else 'THIS-HOST'}:{server.port}" in said, said
            Device.enrolled(server, ADA, f"tablet-{host[:1]}")
            server.stop()


@promise
def a_device_that_is_not_enrolled_says_what_to_do():
    with World() as world:
        device = Device(world, "nobody")
        for words in (("today",), ("accept", "WO-1"), ("sync",), ("outbox",)):
            answer = device.ask(*words, expect=None)
            assert answer.code not in (DONE, CORRUPT), str(answer)
            assert "enroll" in answer.reason, str(answer)


@promise
def a_server_that_does_not_know_the_device_is_told_as_such():
    with World() as world:
        server = Server.made(world, start=False)
        shutil.copytree(server.dir, world.dir / "before")
        server.start()
        device = Device.enrolled(server, ADA, "tablet-1")
        device.sync()
        server.stop()
        restored = Server(world, "before")
        restored.port = server.port
        restored.start()
        answer = device.ask("sync", "--wait", 3, expect=OFFLINE)
        assert "does not answer this device" in answer.reason and "office" in answer.reason, str(answer)
        checks = device.ask("doctor", expect=REFUSED).json["checks"]
        assert any(row["check"] == "server" and row["result"] == "!!" and "does not answer this device" in row["found"] for row in checks), checks
        device.start_agent()
        answer = device.ask("sync", "--wait", 3, expect=OFFLINE)
        assert "does not answer this device" in answer.reason, str(answer)
        device.stop_agent()
        restored.stop()
        answer = device.ask("sync", "--wait", 2, expect=OFFLINE)
        assert "does not answer this device" not in answer.reason and str(server.port) in answer.reason, str(answer)


@promise
def a_revoked_device_calls_nothing_applied_of_which_it_holds_no_outcome():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet-1")
        visit = server.book("HH-5001", ADA)
        device.sync()
        server.run("visit", "cancel", visit, "--reason", "withdrawn")
        device.run("accept", "HH-5001")
        device.sync()
        assert [o["outcome"] for o in device.run("outbox", "--all")["operations"]] == ["rejected"]
        server.run("device", "revoke", device.name)
        device.sync()
        operation, = device.run("outbox", "--all")["operations"]
        assert operation["state"] == "settled" and operation["outcome"] is None and "Applied" not in operation["words"], operation
        assert "office" in device.run("trace", "last")["words"] and device.run("trace", "last")["outcome"] is None
        said = device.ask("note", "HH-5001", "too late", expect=NOT_FOUND)
        assert "is revoked" in said.err, f"whoever looks for what is gone learns why: {said}"


if __name__ == "__main__":
    tap.main()
