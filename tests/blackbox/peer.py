"""A device written from the documents alone (tests/golden), to say what no honest device says."""
import os
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))

import sp  # noqa: E402
import truckroll_wire as wire  # noqa: E402
from truckroll_primitives import blake2b, sign, sign_public, x25519_public  # noqa: E402

WORDS = wire.words_read(pathlib.Path(__file__).resolve().parents[2] / "protocol/wire/words.c")


def seed():
    return os.urandom(32)


class Peer:
    def __init__(self, port):
        self.port = port
        self.sign_seed, self.box_secret = seed(), seed()
        self.sign, self.box = sign_public(self.sign_seed), x25519_public(self.box_secret)
        self.incarnation = os.urandom(16)
        self.id, self.epoch = os.urandom(16), bytes(16)
        with sp.Client(port) as client:
            self.server = wire.server_keys_read(client.ask(wire.enrolment_header(wire.ENROL_ASK)))

    def ask(self, frame, timeout=2.0):
        with sp.Client(self.port) as client:
            return client.ask(frame, timeout)

    def provoke(self, frame):
        """The answer to a frame that may get none."""
        with sp.Client(self.port) as client:
            return client.ask_before(frame, wire.enrolment_header(wire.ENROL_ASK))

    # enrolment

    def request(self, code, name="hand-made", mac_code=None):
        """An enrolment request; `mac_code`: another code than the one whose ticket it names."""
        ticket = wire.ticket_of(code)
        key = wire.ticket_of(mac_code)[1] if mac_code else ticket[1]
        request = wire.Request(ticket[0], self.sign, self.box, name, "Python")
        return wire.request_seal(self.server, key, request, seed())

    def words(self, code):
        return wire.enrolment_words(WORDS, self.server, self.sign, self.box, wire.ticket_of(code)[0])

    def take_grant(self, code, answer):
        grant = wire.grant_open(answer, self.server, self.sign, self.box, self.box_secret, wire.ticket_of(code))
        self.id, self.epoch = grant.device_id, grant.epoch
        return grant

    def enrol(self, server, technician, name="hand-made"):
        code = server.run("device", "invite", "--technician", technician)["code"]
        assert kind_of(self.ask(self.request(code, name))) == wire.ENROL_PENDING
        waiting = next(d for d in server.run("device", "list")["devices"] if d["name"] == name)
        assert waiting["words"] == self.words(code)
        server.run("device", "approve", waiting["id"])
        return self.take_grant(code, self.ask(self.request(code, name)))

    # a hello

    def hello_sections(self, wait_ms=0):
        head = blake2b(wire.domain("genesis") + self.id + self.incarnation)
        cursor = self.epoch + wire.varint(0)
        hello = (self.incarnation + wire.varint(1) + head + cursor + wire.varint(0) + wire.varint(1) + wire.varint(1) + wire.varint(0) * 2
                 + wire.varint(10**9) + wire.varint(2 * 10**12) + wire.varint(0))
        pull = cursor + wire.varint(0) * 2 + wire.varint(4) + bytes([0]) + wire.varint(wait_ms) + wire.varint(0)
        return wire.varint(1 * 2) + wire.with_length(hello) + wire.varint(3 * 2) + wire.with_length(pull)

    def envelope(self, sections, **changes):
        """Sealed; `changes`: organisation, recipient_id, box, sender, sign_seed, kind, key_number, secret (of the ephemeral key)."""
        ephemeral = x25519_public(changes.get("secret") or seed())
        envelope = wire.Envelope(changes.get("kind", wire.HELLO), changes.get("sender", self.id), changes.get("key_number", 1), self.incarnation,
                                 self.epoch, ephemeral, sections)
        return wire.envelope_seal(envelope, changes.get("sign_seed", self.sign_seed), changes.get("organisation", self.server.organisation),
                                  changes.get("recipient_id", self.server.server_id), changes.get("box", self.server.box), seed())

    def hello(self, **changes):
        return self.envelope(self.hello_sections(), **changes)

    def open_reply(self, answer):
        return wire.envelope_open(answer, self.server.organisation, self.id, self.box, self.box_secret, lambda *_: self.server.sign)

    # a session

    def start(self):
        """Says hello and opens the session of the answer."""
        secret = seed()
        welcome = self.open_reply(self.ask(self.hello(secret=secret), timeout=10))
        self.session, self.counter = wire.session_of(secret, welcome.ephemeral), 0

    def frame(self, sections):
        """The next frame of the session."""
        self.counter += 1
        return wire.session_seal(self.session, self.session.up_key, self.counter, sections)

    def pull(self):
        """The next frame, which asks for the first page."""
        cursor = self.epoch + wire.varint(0)
        pull = cursor + wire.varint(0) * 2 + wire.varint(4) + bytes([0]) + wire.varint(0) * 2
        return self.frame(section(3, pull))

    def batch(self, block, count=1):
        """A batch section from seq 1, with a good signature over a made-up hash; `block` is the packed block as it is to lie there."""
        head = os.urandom(32)
        statement = wire.domain("head") + self.server.organisation + self.id + self.incarnation + struct.pack("<Q", count) + head
        secrets = os.urandom(32 * (count // 256 + 1))
        return section(2, self.incarnation + wire.varint(1) + wire.varint(count) + secrets + head + sign(self.sign_seed, statement) + block)

    def say(self, sections, timeout=10):
        """Says them in the session; {number: body} of the answer, or None."""
        answer = self.ask(self.frame(sections), timeout)
        if answer is None:
            return None
        reader, found = wire.Reader(wire.session_open(self.session, self.session.down_key, answer)[1]), {}
        while reader.left():
            number = reader.varint() >> 1
            found[number] = reader.bytes()
        return found


def section(number, body, skippable=False):
    return wire.varint(number * 2 + skippable) + wire.with_length(body)


def packed(data, size=None, compression=1, dictionary=0):
    """A packed block; `size`: the raw size that it states."""
    return wire.with_length(bytes([compression, dictionary]) + wire.varint(len(data) if size is None else size) + data)


def kind_of(message):
    """The type of an enrolment message or envelope; None for anything else."""
    return message[6] if message and message[:4] == b"TRK1" else None
