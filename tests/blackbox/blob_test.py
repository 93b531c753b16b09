#!/usr/bin/env python3
"""Files of attachments, between devices and the server."""
import os
import random
import struct
import time

import tap
from harness import NOT_FOUND, USAGE, Device, Server, World
from peer import Peer, blake2b, section, wire
from proxy import DOWN, UP
from tap import promise

ADA, STRANGER, ORDER = "Ada Brannock", "Bridget Sorrell", "HH-5001"
PHOTO_SIZE, CHUNK, PIECE = 300 * 1024, 64 * 1024, 32 * 1024
KNOWN, LACKS, ABSENT, _, BAD_CHUNK, NO_OFFER, REFUSED = range(7)


def picture(size=PHOTO_SIZE, seed=1):
    return b"\xff\xd8\xff" + random.Random(seed).randbytes(size - 3)


def put(world, name, content):
    path = os.path.join(world.dir, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


def at_work(world, url=None):
    """A device of a technician who is at a visit."""
    server = Server.made(world, start=False)
    server.start(options=("--http", "http://127.0.0.1:0"))
    server.book(ORDER, ADA)
    device = Device.enrolled(server, ADA, "tablet", url=url(server) if url else None)
    device.sync()
    device.go_to_work()
    device.sync()
    return server, device


def at_work_by_line(world, http=False):
    """The same behind a line of its own, which can be cut."""
    lines = []

    def by_line(server):
        lines.append(world.proxy(server, http))
        return lines[0].url

    server, device = at_work(world, by_line)
    return server, device, lines[0]


def states(owner, *words):
    return [row["state"] for row in owner.run("file", "list", *words)["files"]]


@promise
def a_photo_goes_to_the_office_and_to_who_has_the_job_too():
    with World() as world:
        server, device = at_work(world)
        path = put(world, "leak.jpg", picture())
        device.run("photo", path, "--caption", "before")
        os.remove(path)  # its copy is what is sent
        assert states(device) == ["to_send"] and not server.run("file", "list")["files"]
        told = device.sync()
        assert told["files_sent"] == 1 and told["files_stuck"] == 0, told
        assert PHOTO_SIZE < told["bytes_sent"] < PHOTO_SIZE * 1.05, told
        assert states(device) == states(server, ORDER) == ["here"]
        again = device.sync()
        assert again["files_sent"] == 0 and again["bytes_sent"] < 10000, again
        attachment = server.run("file", "list")["files"][0]["id"]
        out = os.path.join(world.dir, "office.jpg")
        server.run("file", "get", attachment[:12], "--out", out)
        assert content_of(out) == picture()
        other = Device.enrolled(server, ADA, "phone")
        told = other.sync()
        assert told["files_received"] == 1, told
        out = os.path.join(world.dir, "phone.jpg")
        other.run("file", "get", attachment[:12], "--out", out)
        assert content_of(out) == picture()


@promise
def what_the_office_attaches_to_a_job_comes_with_it_and_a_manual_of_the_machine_when_it_is_asked_for():
    with World() as world:
        server, device = at_work(world)
        drawing, manual = b"%PDF-1.7 wiring", picture(seed=2)
        server.run("file", "add", "work_order", ORDER, put(world, "drawing.pdf", drawing), "--caption", "Wiring")
        order = server.run("show", "work_order", ORDER)["work_order"]
        manual_id = server.run("file", "add", "asset", order["asset_id"], put(world, "manual.jpg", manual))["id"]
        server.run("file", "add", "site", order["site_id"], put(world, "plan.pdf", b"%PDF-1.7 plan"), "--caption", "Plan")
        device.sync()
        of_job = device.run("file", "list", ORDER)["files"]
        assert sorted((row["kind"], row["caption"], row["state"]) for row in of_job) == [
            ("document", "Plan", "missing"), ("document", "Wiring", "here"), ("photo", "", "missing")], of_job
        device.run("file", "get", manual_id[:12])
        device.sync()
        out = os.path.join(world.dir, "got.jpg")
        device.run("file", "get", manual_id[:12], "--out", out)
        assert content_of(out) == manual
        for words, code in ((("part", "HH-1001", "drawing.pdf"), USAGE), (("asset", "no such machine", "drawing.pdf"), NOT_FOUND),
                            (("work_order", ORDER, "not there.pdf"), NOT_FOUND)):
            answer = server.ask("file", "add", *words, expect=code)
            assert answer.reason and len(server.run("file", "list")["files"]) == 3, str(answer)


def attachment_of(server):
    return server.run("file", "list")["files"][0]["id"]


def photographed(world, device, seed=1, size=PHOTO_SIZE):
    path = put(world, f"photo-{seed}.jpg", picture(size, seed))
    device.run("photo", path)
    return picture(size, seed)


def send_by_a_line_that_breaks(http):
    with World() as world:
        server, device, proxy = at_work_by_line(world, http)
        chance = random.Random(5)
        content = photographed(world, device)
        before = proxy.bytes[UP]
        for _ in range(tap.size(4, 8, 30)):
            proxy.cut_at = chance.randrange(1, 80000)
            device.ask("sync", expect=None)
        proxy.cut_at = None
        device.sync()
        most = len(content) + (proxy.cuts + 1) * (PIECE + 8000)  # what was under way, and a new session
        assert len(content) < proxy.bytes[UP] - before < most, (proxy.bytes[UP] - before, most, proxy.cuts)
        out = os.path.join(world.dir, "office.jpg")
        server.run("file", "get", attachment_of(server)[:12], "--out", out)
        assert content_of(out) == content
        told = device.sync()
        assert told["files_sent"] == 0 and told["bytes_sent"] < 10000, told


@promise
def a_line_that_breaks_at_any_byte_sends_no_piece_twice():
    send_by_a_line_that_breaks(http=False)


@promise
def a_line_of_http_that_breaks_at_any_byte_sends_no_piece_twice():
    send_by_a_line_that_breaks(http=True)


def fetch_by_a_line_that_breaks(world, server, content, http=False):
    """A second device, which has the photo in the end."""
    proxy = world.proxy(server, http)
    other = Device.enrolled(server, ADA, "phone", url=proxy.url)
    before, chance = proxy.bytes[DOWN], random.Random(6)
    proxy.cut_at = 250000
    other.ask("sync", expect=None)
    for _ in range(tap.size(2, 6, 30)):
        proxy.cut_at = chance.randrange(1, 60000)
        other.ask("sync", expect=None)
    proxy.cut_at = None
    other.sync()
    out = world.dir / "phone.jpg"
    other.run("file", "get", attachment_of(server)[:12], "--out", out)
    assert content_of(out) == content
    assert proxy.bytes[DOWN] - before < len(content) + (proxy.cuts + 1) * (PIECE + 8000) + 400000, proxy.bytes
    return other


@promise
def what_is_fetched_by_http_goes_on_where_it_was_cut():
    with World() as world:
        server, device = at_work(world)
        content = photographed(world, device)
        device.sync()
        fetch_by_a_line_that_breaks(world, server, content, http=True)


@promise
def what_is_fetched_goes_on_where_it_was_cut_and_a_person_may_ask_for_what_does_not_come_by_itself():
    with World() as world:
        server, device = at_work(world)
        content = photographed(world, device)
        device.sync()
        which = attachment_of(server)[:12]
        other = fetch_by_a_line_that_breaks(world, server, content)
        for path in (other.dir / "blobs").glob("??/??/*"):  # as if it had never come
            path.unlink()
        device.run("finish", "--cause", "WEAR", "--action", "REPLACE", "--refused", "nobody there")
        device.sync()
        server.run("order", "close", ORDER)
        other.sync()
        assert states(other) == ["missing"]
        assert other.run("file", "get", which, "--out", world.dir / "again.jpg")["asked_for"] and states(other) == ["asked_for"]
        assert other.sync()["files_received"] == 1
        other.run("file", "get", which, "--out", world.dir / "again.jpg")
        assert content_of(world.dir / "again.jpg") == content


@promise
def a_server_that_is_killed_goes_on_with_the_part_that_it_has():
    with World() as world:
        server, device, line = at_work_by_line(world)
        content = photographed(world, device)
        line.cut_at = 150000
        device.ask("sync", expect=None)
        parts = [path for path in (server.dir / "blobs" / "in").iterdir() if path.suffix != ".list"]
        assert len(parts) == 1 and 0 < parts[0].stat().st_size < len(content), parts
        have = parts[0].stat().st_size
        server.kill()
        server.start()
        line.server_port = server.port
        told = device.sync()
        assert told["files_sent"] == 1 and told["bytes_sent"] < len(content) - have + PIECE, (told, have)
        assert not list((server.dir / "blobs" / "in").iterdir())


@promise
def a_damaged_part_is_found_and_only_its_chunk_comes_again():
    with World() as world:
        server, device, line = at_work_by_line(world)
        content = photographed(world, device)
        line.cut_at = 180000
        device.ask("sync", expect=None)
        part = next(path for path in (server.dir / "blobs" / "in").iterdir() if path.suffix != ".list")
        with open(part, "r+b") as file:
            file.seek(70000)
            file.write(b"spoilt")
        told = device.sync()
        assert told["files_sent"] == 1 and told["files_stuck"] == 0, told
        out = os.path.join(world.dir, "office.jpg")
        server.run("file", "get", attachment_of(server)[:12], "--out", out)
        assert content_of(out) == content


def have_body(content):
    chunks = [content[at:at + CHUNK] for at in range(0, len(content), CHUNK)]
    hashes = b"".join(blake2b(chunk) for chunk in chunks)
    return blake2b(struct.pack("<Q", len(content)) + hashes), wire.varint(len(content)) + hashes


def chunk_body(name, offset, data):
    return name + wire.varint(offset) + wire.with_length(data)


def standing(answer):
    """Its name, state and ranges."""
    reader = wire.Reader(answer[17])
    assert reader.varint() == 1
    name, state = reader.raw(32), reader.u8()
    return name, state, [(reader.varint(), reader.varint()) for _ in range(reader.varint())]


@promise
def a_stranger_is_told_nothing_of_a_file_that_the_server_has():
    with World() as world:
        server, device = at_work(world)
        content = photographed(world, device)
        device.sync()
        peer = Peer(server.port)
        peer.enrol(server, STRANGER)
        peer.start()
        known, rest = have_body(content)
        unknown, _ = have_body(picture(seed=9))
        for name in (known, unknown):
            answer = peer.say(section(8, wire.varint(PIECE) + wire.varint(1) + name + bytes([0]) + wire.varint(0), True))
            assert 18 not in answer and 19 not in answer and standing(answer) == (name, ABSENT, []), answer
            answer = peer.say(section(8, wire.varint(PIECE) + wire.varint(1) + name + bytes([1]) + wire.varint(0), True))
            assert 18 not in answer and 19 not in answer and standing(answer) == (name, ABSENT, []), answer
        answer = peer.say(section(7, known + rest, True))
        assert standing(answer) == (known, LACKS, [(0, len(content))]), answer


@promise
def a_chunk_that_is_not_what_was_said_is_dropped():
    with World() as world:
        server, _ = at_work(world)
        peer = Peer(server.port)
        peer.enrol(server, ADA)
        peer.start()
        content = picture(CHUNK + 100)
        name, rest = have_body(content)
        assert standing(peer.say(section(9, chunk_body(name, 0, content[:PIECE]), True)))[1] == NO_OFFER
        assert standing(peer.say(section(7, blake2b(b"another name") + rest, True)))[1] == REFUSED
        assert standing(peer.say(section(7, name + rest, True))) == (name, LACKS, [(0, len(content))])
        assert standing(peer.say(section(9, chunk_body(name, 0, content[:PIECE]), True)))[2] == [(PIECE, len(content) - PIECE)]
        spoilt = bytes(PIECE)
        assert standing(peer.say(section(9, chunk_body(name, PIECE, spoilt), True))) == (name, BAD_CHUNK, [(0, len(content))])
        for offset in (0, PIECE):
            state = standing(peer.say(section(9, chunk_body(name, offset, content[offset:offset + PIECE]), True)))[1]
            assert state == LACKS, state
        assert standing(peer.say(section(9, chunk_body(name, CHUNK, content[CHUNK:]), True))) == (name, KNOWN, [])


def aged(path, days):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(b"left over")
    then = time.time() - days * 86400
    os.utime(path, (then, then))
    return path


@promise
def what_no_row_speaks_of_and_parts_that_nothing_came_to_are_swept():
    with World() as world:
        server, device = at_work(world)
        photographed(world, device)
        device.sync()
        blobs = server.dir / "blobs"
        spoken = next(path for path in blobs.glob("??/??/*"))
        aged(spoken, 200)
        names = [f"{first:02x}" + "0" * 62 for first in range(256)]  # a sixteenth an hour
        orphans = [aged(blobs / name[:2] / name[2:4] / name, 91) for name in names]
        young = [aged(blobs / name[:2] / "ff" / (name[:2] + "f" * 62), 1) for name in names]
        part = aged(blobs / "in" / ("0" * 32 + "-" + "0" * 64), 2)
        server.stop()
        server.start()
        tap.until(lambda: sum(path.exists() for path in orphans) <= 240, "a sixteenth is swept")
        assert not part.exists() and spoken.exists() and all(path.exists() for path in young)


def flip(blobs):
    path = next(path for path in blobs.glob("??/??/*"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return path


@promise
def a_damaged_file_is_found_by_verify_and_doctor_and_fetched_again_after_a_repair():
    with World() as world:
        server, device = at_work(world)
        content = photographed(world, device)
        device.sync()
        (server.dir / "blobs" / "00" / "00").mkdir(parents=True, exist_ok=True)
        (server.dir / "blobs" / "00" / "00" / ("0" * 64)).write_bytes(b"nobody's")
        told = server.run("verify")
        assert (told["files"], told["files_missing"], told["files_unspoken"]) == (1, 0, 1), told
        sound = [row for row in device.run("doctor", "--offline")["checks"] if row["check"] == "files"]
        assert sound[0]["status"] == "ok", sound
        damaged = flip(device.dir / "blobs")
        found = device.ask("doctor", "--offline", expect=None).json
        assert [row["status"] for row in found["checks"] if row["check"] == "files"] == ["corrupt"], found
        told = device.run("doctor", "--offline", "--repair")
        assert told["files_dropped"] == 1 and not damaged.exists(), told
        device.sync()
        assert damaged.read_bytes() == content
        damaged = flip(server.dir / "blobs")
        server.stop()
        refused = server.ask("verify", expect=None)
        assert refused.code != 0 and damaged.name in refused.err, refused


@promise
def what_a_job_needs_comes_while_much_is_to_be_sent():
    with World() as world:
        server, device, line = at_work_by_line(world)
        other = Device.enrolled(server, ADA, "phone")
        other.sync()
        path = put(world, "manual.jpg", picture(seed=7))
        other.run("photo", path)
        other.sync()
        for number in range(4):
            device.run("photo", put(world, f"large-{number}.jpg", picture(size=8 * PHOTO_SIZE, seed=number)))
        line.cut_at = 5 * PHOTO_SIZE  # both ways: a fraction of what is to be sent
        device.ask("sync", expect=None)
        line.mode = "closed"
        assert line.cuts == 1 and sorted(states(device)) == ["here"] + 4 * ["to_send"], states(device)


if __name__ == "__main__":
    tap.main()
