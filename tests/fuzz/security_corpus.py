"""Writes the first inputs of envelope_fuzz, session_fuzz and enrolment_fuzz: good messages and their contents, from the same fixed keys.
Usage: security_corpus.py ../golden corpus"""
import os
import sys

sys.path.insert(0, sys.argv[1])
import truckroll_primitives as primitives  # noqa: E402
import truckroll_wire as wire  # noqa: E402


def seed(number):
    return bytes([number]) + bytes(31)


def identifier(number):
    return bytes([number]) + bytes(15)


def write(folder, name, data):
    path = os.path.join(sys.argv[2], folder)
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, name), "wb") as file:
        file.write(data)


SERVER_BOX, SERVER_BOX_SECRET = primitives.box_seed_keypair(seed(2))
DEVICE_BOX, DEVICE_BOX_SECRET = primitives.box_seed_keypair(seed(1))
DEVICE_SIGN, SERVER_SIGN, ROOT_SIGN = (primitives.sign_public(seed(number)) for number in (1, 2, 3))

for kind, name in ((wire.HELLO, "hello"), (wire.WELCOME, "welcome"), (wire.BUNDLE, "bundle"), (wire.GRANT, "grant")):
    ephemeral = seed(8) if kind in (wire.HELLO, wire.WELCOME) else b""
    envelope = wire.Envelope(kind, identifier(1), 1, identifier(5), identifier(6), ephemeral, b"sections")
    sealed = wire.envelope_seal(envelope, seed(1), identifier(9), identifier(2), SERVER_BOX, seed(7))
    write("envelope", name, b"\0" + sealed)
    write("envelope", name + "_content", bytes([kind << 1 | 1]) + primitives.box_seal_open(SERVER_BOX, SERVER_BOX_SECRET, sealed[16:]))

session = wire.session_of(DEVICE_BOX_SECRET, SERVER_BOX)
frame = wire.session_seal(session, session.up_key, 1, b"forged")
write("session", "in_order", bytes(range(1, 20)))
write("session", "backwards_and_again", bytes(range(80, 10, -1)) + bytes(range(10, 90)))
write("session", "jump", bytes([1, 2, 200, 3, 136, 137, 200]))
write("session", "foreign_frame", b"\0" + bytes([len(frame)]) + frame[:20] + b"!" + frame[21:])

certificate = primitives.sign(seed(3), wire.domain("certificate") + identifier(9) + identifier(2) + SERVER_SIGN + SERVER_BOX)
server = wire.ServerKeys(identifier(9), identifier(2), ROOT_SIGN, SERVER_SIGN, SERVER_BOX, certificate)
ticket = wire.ticket_of("7Q2M9XK4TZB0H")
request = wire.Request(ticket[0], DEVICE_SIGN, DEVICE_BOX, "Coast van 3", "Debian 12, amd64")
grant = wire.DeviceGrant(identifier(1), identifier(4), identifier(6), 1767225600000, "Harbour & Hill Service", "Zoë Hart")
sealed_request = wire.request_seal(server, ticket[1], request, seed(7))
sealed_grant = wire.grant_seal(grant, server, seed(2), DEVICE_SIGN, DEVICE_BOX, ticket, seed(7))
write("enrolment", "ask", b"\0" + wire.enrolment_header(wire.ENROL_ASK))
write("enrolment", "keys", b"\0" + wire.enrolment_header(wire.ENROL_KEYS) + identifier(9) + identifier(2) + ROOT_SIGN + SERVER_SIGN + SERVER_BOX
      + certificate)
write("enrolment", "refused", b"\0" + wire.enrolment_header(wire.ENROL_REFUSED) + b"\1\0\0\0")
write("enrolment", "request", b"\0" + sealed_request)
write("enrolment", "request_content", b"\1" + primitives.box_seal_open(SERVER_BOX, SERVER_BOX_SECRET, sealed_request[8:]))
write("enrolment", "grant", b"\0" + sealed_grant)
write("enrolment", "grant_content", b"\2" + primitives.box_seal_open(DEVICE_BOX, DEVICE_BOX_SECRET, sealed_grant[8:]))
write("enrolment", "code", b"\0" + b" 7q2m-9xk4-tzboh")
