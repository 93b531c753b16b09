"""Truckroll's wire formats as docs/protocol-security.md and docs/protocol.md state them, read by a program that shares no line with the C side.
Everything raises Refused for bytes that are not in their one canonical form."""
import hmac
import re
import struct
from dataclasses import dataclass

from truckroll_primitives import (Refused, blake2b, box_seal, box_seal_open, hmac_sha512_256, insist, sign, verify, x25519, x25519_public,
                                  xchacha20poly1305, xchacha20poly1305_open)

HELLO, WELCOME, BUNDLE, GRANT = 1, 2, 3, 4
ENROL_ASK, ENROL_KEYS, ENROL_REQUEST, ENROL_PENDING, ENROL_GRANT, ENROL_REFUSED = range(0x10, 0x16)
FRAME_MAX = 64 * 1024
NAME_MAX = 100
NIL = bytes(16)


class Reader:
    """Bounded reading; varints are LEB128 in their shortest form."""

    def __init__(self, data):
        self.data, self.position = bytes(data), 0

    def left(self):
        return len(self.data) - self.position

    def raw(self, size):
        insist(0 <= size <= self.left(), "the bytes are cut")
        self.position += size
        return self.data[self.position - size:self.position]

    def u8(self):
        return self.raw(1)[0]

    def u32(self):
        return struct.unpack("<I", self.raw(4))[0]

    def u64(self):
        return struct.unpack("<Q", self.raw(8))[0]

    def varint(self, maximum=2**64 - 1):
        value = shift = 0
        while True:
            byte = self.u8()
            insist(shift < 64 and not (shift > 0 and byte == 0), "a varint that is not the shortest")
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                insist(value <= maximum, "a number that is too large")
                return value

    def signed(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def bytes(self, maximum=2**32):
        return self.raw(self.varint(maximum))

    def text(self, maximum=2**32):
        data = self.bytes(maximum)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused("a text that is not UTF-8") from error
        insist("\0" not in text, "a text with NUL")
        return text

    def end(self):
        insist(self.left() == 0, "bytes are left over")


def varint(value):
    data = b""
    while value >= 0x80:
        data += bytes([value & 0x7F | 0x80])
        value >>= 7
    return data + bytes([value])


def with_length(data):
    return varint(len(data)) + data


def domain(name):
    return b"truckroll/" + name.encode() + b"/v1\0"


# Chain and ids

def chain_genesis(device, incarnation):
    return blake2b(domain("genesis") + device + incarnation)


def chain_salt(secret, seq):
    return blake2b(domain("salt") + struct.pack("<Q", seq), key=secret)


def chain_commitment(salt, canonical):
    return blake2b(canonical, key=salt)


def chain_next(previous, commitment):
    return blake2b(domain("chain") + previous + commitment)


def chain_extend(previous, secret, seq, canonical):
    return chain_next(previous, chain_commitment(chain_salt(secret, seq), canonical))


def operation_id(head):
    return head[:16]


def id_derive(identifier, k):
    return blake2b(domain("derived") + identifier + struct.pack("<I", k))[:16]


def id_pair(left, right):
    return blake2b(domain("pair") + left + right)[:16]


def id_imported(source, source_id):
    return blake2b(with_length(source) + with_length(source_id), 16)


# Envelope

@dataclass
class Envelope:
    type: int
    sender: bytes
    key_number: int
    incarnation: bytes
    server_epoch: bytes
    ephemeral: bytes  # empty unless hello or welcome
    sections: bytes


def envelope_clear(kind, box_public):
    return b"TRK1" + bytes([1, 1, kind, 0]) + blake2b(box_public)[:8]


def envelope_signed(clear, organisation, recipient_id, box_public, manifest, sections):
    return domain("envelope") + clear + organisation + recipient_id + box_public + manifest + blake2b(sections)


def envelope_manifest(envelope):
    return (envelope.sender + struct.pack("<I", envelope.key_number) + envelope.incarnation + envelope.server_epoch + envelope.ephemeral)


def envelope_seal(envelope, sign_seed, organisation, recipient_id, box_public, ephemeral_secret):
    clear, manifest = envelope_clear(envelope.type, box_public), envelope_manifest(envelope)
    signature = sign(sign_seed, envelope_signed(clear, organisation, recipient_id, box_public, manifest, envelope.sections))
    return clear + box_seal(box_public, signature + manifest + envelope.sections, ephemeral_secret)


def envelope_open(sealed, organisation, recipient_id, box_public, box_secret, find_sender):
    """find_sender(id, key number) gives the Ed25519 public key or None."""
    insist(16 <= len(sealed) <= FRAME_MAX, "size")
    kind = sealed[6]
    insist(kind in (HELLO, WELCOME, BUNDLE, GRANT) and sealed[:16] == envelope_clear(kind, box_public), "clear bytes")
    reader = Reader(box_seal_open(box_public, box_secret, sealed[16:]))
    signature = reader.raw(64)
    envelope = Envelope(kind, reader.raw(16), reader.u32(), reader.raw(16), reader.raw(16),
                        reader.raw(32 if kind in (HELLO, WELCOME) else 0), b"")
    envelope.sections = reader.raw(reader.left())
    insist(envelope.sender != NIL and envelope.key_number != 0, "manifest")
    public = find_sender(envelope.sender, envelope.key_number)
    insist(public is not None, "a stranger")
    verify(public, envelope_signed(sealed[:16], organisation, recipient_id, box_public, envelope_manifest(envelope), envelope.sections),
           signature)
    return envelope


# Session

@dataclass
class Session:
    id: bytes
    up_key: bytes    # device to server
    down_key: bytes  # server to device


def session_start(device_public, server_public, shared):
    keys = blake2b(shared + device_public + server_public, 64)
    digest = bytearray(blake2b(domain("session") + device_public + server_public)[:8])
    digest[0] |= 0x80
    return Session(bytes(digest), up_key=keys[32:], down_key=keys[:32])


def session_of(device_secret, server_public):
    return session_start(x25519_public(device_secret), server_public, x25519(device_secret, server_public))


def session_seal(session, key, counter, plain):
    prefix = session.id + struct.pack("<Q", counter)
    return prefix + xchacha20poly1305(key, prefix[8:] + bytes(16), prefix, plain)


def session_open(session, key, frame):
    """(counter, plain text); the receive window is the caller's."""
    insist(32 <= len(frame) <= FRAME_MAX and frame[:8] == session.id, "a frame of another session")
    counter = struct.unpack("<Q", frame[8:16])[0]
    insist(counter != 0, "counter zero")
    return counter, xchacha20poly1305_open(key, frame[8:16] + bytes(16), frame[:16], frame[16:])


# Enrolment

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def code_canonical(typed):
    code = re.sub("[ -]", "", typed).upper().translate(str.maketrans("OIL", "011"))
    insist(len(code) == 13 and all(character in ALPHABET for character in code), "no code")
    return code


def ticket_of(typed):
    """(id, key)."""
    code = code_canonical(typed).encode()
    return blake2b(domain("ticket-id") + code)[:16], blake2b(domain("ticket-key") + code)


@dataclass
class ServerKeys:
    organisation: bytes
    server_id: bytes
    root: bytes
    sign: bytes
    box: bytes
    certificate: bytes


@dataclass
class Request:
    ticket_id: bytes
    device_sign: bytes
    device_box: bytes
    name: str
    platform: str


@dataclass
class DeviceGrant:
    device_id: bytes
    technician_id: bytes
    epoch: bytes
    lease_until_ms: int
    organisation_name: str
    technician_name: str


def enrolment_header(kind):
    return b"TRK1" + bytes([1, 1, kind, 0])


def enrolment_body(kind, message):
    insist(message[:8] == enrolment_header(kind), "another message")
    return message[8:]


def server_keys_read(message):
    reader = Reader(enrolment_body(ENROL_KEYS, message))
    keys = ServerKeys(reader.raw(16), reader.raw(16), reader.raw(32), reader.raw(32), reader.raw(32), reader.raw(64))
    reader.end()
    verify(keys.root, domain("certificate") + keys.organisation + keys.server_id + keys.sign + keys.box, keys.certificate)
    return keys


def all_keys(server, device_sign, device_box, ticket_id):
    return server.root + server.sign + server.box + device_sign + device_box + ticket_id


def enrolment_words(words, server, device_sign, device_box, ticket_id):
    number = int.from_bytes(blake2b(domain("words") + all_keys(server, device_sign, device_box, ticket_id)), "big") >> 256 - 66
    return " ".join(words[number >> 11 * i & 2047] for i in range(5, -1, -1))


def words_read(path):
    """The list out of protocol/wire/words.c."""
    with open(path, encoding="utf-8") as file:
        return re.findall(r'"([a-z]{4,6})",', file.read())


def request_mac(server, ticket_key, request):
    return hmac_sha512_256(ticket_key, domain("enrol") + all_keys(server, request.device_sign, request.device_box, request.ticket_id)
                           + server.organisation + server.server_id + with_length(request.name.encode())
                           + with_length(request.platform.encode()))


def request_seal(server, ticket_key, request, ephemeral_secret):
    plain = (request.ticket_id + request.device_sign + request.device_box + with_length(request.name.encode())
             + with_length(request.platform.encode()) + request_mac(server, ticket_key, request))
    return enrolment_header(ENROL_REQUEST) + box_seal(server.box, plain, ephemeral_secret)


def request_open(message, server, box_secret, ticket_key_of):
    reader = Reader(box_seal_open(server.box, box_secret, enrolment_body(ENROL_REQUEST, message)))
    request = Request(reader.raw(16), reader.raw(32), reader.raw(32), reader.text(NAME_MAX), reader.text(NAME_MAX))
    mac = reader.raw(32)
    reader.end()
    key = ticket_key_of(request.ticket_id)
    insist(key is not None and hmac.compare_digest(request_mac(server, key, request), mac), "a code that does not fit")
    return request


def grant_body(grant):
    return (grant.device_id + grant.technician_id + grant.epoch + struct.pack("<Q", grant.lease_until_ms)
            + with_length(grant.organisation_name.encode()) + with_length(grant.technician_name.encode()))


def grant_covered(name, server, device_sign, device_box, ticket_id, body):
    return domain(name) + all_keys(server, device_sign, device_box, ticket_id) + server.organisation + server.server_id + body


def grant_seal(grant, server, server_sign_seed, device_sign, device_box, ticket, ephemeral_secret):
    body = grant_body(grant)
    parts = (server, device_sign, device_box, ticket[0], body)
    plain = sign(server_sign_seed, grant_covered("grant", *parts)) + hmac_sha512_256(ticket[1], grant_covered("grant-mac", *parts)) + body
    return enrolment_header(ENROL_GRANT) + box_seal(device_box, plain, ephemeral_secret)


def grant_open(message, server, device_sign, device_box, device_box_secret, ticket):
    plain = box_seal_open(device_box, device_box_secret, enrolment_body(ENROL_GRANT, message))
    signature, mac, body = plain[:64], plain[64:96], plain[96:]
    parts = (server, device_sign, device_box, ticket[0], body)
    insist(hmac.compare_digest(hmac_sha512_256(ticket[1], grant_covered("grant-mac", *parts)), mac), "a code that does not fit")
    verify(server.sign, grant_covered("grant", *parts), signature)
    reader = Reader(body)
    grant = DeviceGrant(reader.raw(16), reader.raw(16), reader.raw(16), reader.u64(), reader.text(NAME_MAX), reader.text(NAME_MAX))
    reader.end()
    insist(grant.device_id != NIL and grant.lease_until_ms < 2**63, "a grant of nothing")
    return grant
