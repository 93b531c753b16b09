#!/usr/bin/env python3
"""Programs of other versions: what they add beside the known is skipped, what cannot be understood is refused in plain words, and the work
that waits is kept."""
import os
import socket
import threading

import sp
import tap
from equal import insist_on_equality
from harness import OFFLINE, Device, Server, World
from peer import Peer, kind_of, packed, section, wire
from tap import promise, tell, until

ADA = "Ada Brannock"
ERROR, DECIDED, WELCOME, PAGE = 15, 11, 10, 12
NEWER = 9


def with_peer(world):
    server = Server.made(world)
    peer = Peer(server.port)
    peer.enrol(server, ADA)
    return server, peer


@promise
def what_a_newer_device_adds_beside_the_known_is_skipped_and_what_it_must_not_miss_is_refused():
    with World() as world:
        server, peer = with_peer(world)
        added = section(40, os.urandom(300), skippable=True)
        for sections in (added + peer.hello_sections(), peer.hello_sections() + added * 20):
            assert kind_of(peer.ask(peer.envelope(sections), timeout=10)) == wire.WELCOME, "an addition was not skipped"
        assert kind_of(peer.provoke(peer.envelope(peer.hello_sections() + section(40, b"must be understood")))) != wire.WELCOME
        later = peer.hello_sections()
        assert kind_of(peer.ask(peer.envelope(later), timeout=10)) == wire.WELCOME
        server.verify()


def newer_blocks():
    """Raw bytes of batches of one operation that this server cannot know."""
    order = b"\0"  # integers: the one operation is of the first group
    return [
        ("an operation that is new", wire.varint(1) + wire.varint(100) + wire.varint(0) + wire.varint(1) + order),
        ("a record that is new", wire.varint(1) + wire.varint(1) + wire.varint(99) + wire.varint(1) + order),
    ]


@promise
def operations_of_a_newer_device_are_refused_as_newer_and_nothing_of_them_is_taken():
    with World() as world:
        server, peer = with_peer(world)
        peer.start()
        before = server.run("status", "--digests")
        blocks = [(what, packed(raw, compression=0)) for what, raw in newer_blocks()]
        blocks.append(("a new compression", packed(b"\\0" * 40, compression=2)))
        for what, block in blocks:
            answer = peer.say(peer.batch(block))
            assert answer is not None and ERROR in answer and DECIDED not in answer, f"{what}: {answer}"
            assert wire.Reader(answer[ERROR]).varint() == NEWER, f"{what}: error {answer[ERROR].hex()}"
        after = server.run("status", "--digests")
        assert before["operations"] == after["operations"] and before["digests"] == after["digests"]


def read_keys(path):
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in path.read_text().splitlines()) if value}


class NewerServer:
    """Has the office's keys, welcomes a device, and sends it a page as no program of today makes it."""

    def __init__(self, server, device, page):
        self.keys = {name: bytes.fromhex(value) for name, value in read_keys(server.dir / "server.keys").items()}
        device_keys = read_keys(device.keys / "device.keys")
        self.device_sign, self.device_box = (bytes.fromhex(device_keys[name]) for name in ("sign_public", "box_public"))
        self.page, self.answered = page, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        try:
            connection.sendall(sp.greeting(sp.REPLY))
            assert sp.read_exactly(connection, 8) == sp.greeting(sp.REQUEST)
            while True:
                message = sp.read_message(connection)
                if kind_of(message[4:]) == wire.HELLO:
                    connection.sendall(sp.message(message[:4] + self.welcome(message[4:])))
                    self.answered += 1
        except (sp.Gone, OSError):
            connection.close()

    def welcome(self, frame):
        keys = self.keys
        hello = wire.envelope_open(frame, keys["organisation"], keys["server"], keys["box_public"], keys["box_secret"],
                                   lambda *_: self.device_sign)
        outer = wire.Reader(hello.sections)
        outer.varint()
        said = wire.Reader(outer.bytes())
        incarnation, next_seq, head, epoch, gseq = said.raw(16), said.varint(), said.raw(32), said.raw(16), said.varint()
        now, lease = wire.varint(2 * 1900000000000), wire.varint(2 * 2000000000000)
        body = (incarnation + bytes([1]) + wire.varint(next_seq - 1) + head + epoch + wire.varint(gseq + 1) + now + wire.varint(1) + lease
                + wire.varint(0) + wire.varint(99) + wire.varint(99))
        sections = section(WELCOME, body) + section(PAGE, wire.varint(0) + packed(self.page, compression=0))
        answer = wire.Envelope(wire.WELCOME, keys["server"], 1, os.urandom(16), epoch, wire.x25519_public(os.urandom(32)), sections)
        return wire.envelope_seal(answer, keys["sign_secret"][:32], keys["organisation"], hello.sender, self.device_box, os.urandom(32))

    def end(self):
        self.listener.close()


ALL = wire.varint(1)  # scope: everybody's


@promise
def rows_of_a_newer_server_are_refused_with_a_sentence_and_the_work_is_kept():
    with World() as world:
        server = Server.made(world)
        line = world.proxy(server)
        device = Device.enrolled(server, ADA, "tablet", line.url)
        server.book("HH-5001", ADA)
        device.sync()
        one = wire.varint(1)
        pages = [("an entry that is new", one + ALL + wire.varint(9) + wire.varint(3) + one),
                 ("a record that is new", one + ALL + wire.varint(0) + wire.varint(60) + one),
                 ("a field that is new", one + ALL + wire.varint(0) + wire.varint(3) + one + wire.varint(62 * 2) + b"\0")]
        for what, page in pages:
            newer = NewerServer(server, device, page)
            line.server_port = newer.port
            answer = device.ask("sync", "--wait", "1", expect=None)
            assert newer.answered and answer.code != 0, f"{what}: {answer}"
            said = answer.reason
            tell(f"{what}: {said}")
            assert "newer" in said or "update this program" in said or "not understood" in said or "upgrade" in said, f"{what}: {said}"
            assert device.run("note", "HH-5001", what)["saved"] and device.run("today")["visits"], what
            newer.end()
        until(lambda: len(device.run("outbox")["operations"]) == len(pages), "the work is kept")
        line.server_port = server.port
        device.sync()
        insist_on_equality(server, device)
        assert sorted(row["text"] for row in server.rows("note")) == sorted(what for what, _ in pages)


if __name__ == "__main__":
    tap.main()
