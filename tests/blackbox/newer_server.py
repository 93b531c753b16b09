"""A server written from the documents alone, to say to a device what no server of today says."""
import os
import socket
import threading

import sp
from peer import kind_of, section, wire

WELCOME = 10
ANSWERS = 29


def read_keys(path):
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in path.read_text().splitlines()) if value}


class NewerServer:
    """Has the office's keys, welcomes a device, and tells it what no program of today would: `sections` come behind the welcome."""

    def __init__(self, server, device, sections):
        self.keys = {name: bytes.fromhex(value) for name, value in read_keys(server.dir / "server.keys").items()}
        device_keys = read_keys(device.keys / "device.keys")
        self.device_sign, self.device_box = (bytes.fromhex(device_keys[name]) for name in ("sign_public", "box_public"))
        self.sections, self.answered = sections, 0
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
                    answer = sp.message(message[:4] + self.welcome(message[4:]))
                    self.answered += 1  # the device may be through with it before this thread goes on
                    connection.sendall(answer)
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
        sections = section(ANSWERS, hello.ephemeral[:16], skippable=True) + section(WELCOME, body) + self.sections
        answer = wire.Envelope(wire.WELCOME, keys["server"], 1, os.urandom(16), epoch, wire.x25519_public(os.urandom(32)), sections)
        return wire.envelope_seal(answer, keys["sign_secret"][:32], keys["organisation"], hello.sender, self.device_box, os.urandom(32))

    def end(self):
        self.listener.close()
