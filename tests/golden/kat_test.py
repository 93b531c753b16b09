"""Opens and rebuilds every case of kat.json without libsodium. Usage: kat_test.py kat.json words.c"""
import json
import sys
import traceback

import truckroll_primitives as primitives
import truckroll_wire as wire


def chance(name, skip=0):
    """The bytes libsodium was given in the case of that name (kat.c)."""
    stream = b"".join(primitives.blake2b(name.encode() + i.to_bytes(4, "little")) for i in range((skip + 8191) // 32 + 1))
    return stream[skip:]


class Case:
    def __init__(self, fields):
        self.fields = fields

    def __getattr__(self, name):
        value = self.fields[name]
        return bytes.fromhex(value) if isinstance(value, str) and name not in ("kind", "name") else value

    def identity(self, prefix):
        sign_seed, box_seed = getattr(self, prefix + "_sign_seed"), getattr(self, prefix + "_box_seed")
        box_public, box_secret = primitives.box_seed_keypair(box_seed)
        return sign_seed, primitives.sign_public(sign_seed), box_public, box_secret, getattr(self, prefix + "_id")


def equal(left, right, what):
    if left != right:
        raise AssertionError(f"{what}: {left!r} instead of {right!r}")


def refused(function, *arguments):
    try:
        function(*arguments)
    except wire.Refused:
        return
    raise AssertionError(f"{function.__name__} accepted what was changed")


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def check_primitives():
    """RFC 7748 5.2, RFC 8032 7.1, draft-irtf-cfrg-xchacha-03 A.3.1."""
    x = bytes.fromhex
    equal(primitives.x25519(x("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                            x("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")).hex(),
          "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552", "X25519")
    seed = x("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    public, signature = primitives.sign_public(seed), primitives.sign(seed, x("72"))
    equal(public.hex(), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "Ed25519 key")
    equal(signature.hex(), "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                           "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00", "Ed25519 signature")
    raised = int.from_bytes(signature[32:], "little") + primitives.L
    refused(primitives.verify, public, x("72"), signature[:32] + raised.to_bytes(32, "little"))
    refused(primitives.verify, b"\1" + bytes(31), b"", b"\1" + bytes(63))
    refused(primitives.x25519, seed, bytes(32))
    sealed = primitives.xchacha20poly1305(
        bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58)), x("50515253c0c1c2c3c4c5c6c7"),
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.")
    equal(sealed[-16:].hex(), "c0875924c1c7987947deafd8780acf49", "XChaCha20-Poly1305 tag")
    equal(sealed[:16].hex(), "bd6d179d3e83d43b9576579493c0e939", "XChaCha20-Poly1305")


def chain_case(case, words):
    genesis = wire.chain_genesis(case.device, case.incarnation)
    salt = wire.chain_salt(case.secret, case.seq)
    commitment = wire.chain_commitment(salt, case.canonical)
    equal(genesis, case.genesis, "genesis")
    equal(salt, case.salt, "salt")
    equal(commitment, case.commitment, "commitment")
    equal(wire.chain_next(genesis, commitment), case.head, "head")
    equal(wire.chain_extend(genesis, case.secret, case.seq, case.canonical), case.head, "extended")
    equal(wire.operation_id(case.head), case.operation, "operation id")


def ids_case(case, words):
    equal(wire.id_derive(case.left, case.k), case.derived, "derived id")
    equal(wire.id_pair(case.left, case.right), case.pair, "paired id")
    equal(wire.id_imported(case.source, case.source_id), case.imported, "imported id")


def keys_case(case, words):
    sign_seed, sign_public, box_public, _, _ = case.identity("identity")
    equal(sign_public, case.sign_public, "signing key")
    equal(box_public, case.box_public, "receiving key")
    equal(primitives.sign(sign_seed, case.message), case.signature, "signature")
    primitives.verify(sign_public, case.message, case.signature)
    refused(primitives.verify, sign_public, case.message + b"x", case.signature)


def ticket_case(case, words):
    equal(wire.ticket_of(case.typed.decode()), (case.ticket_id, case.ticket_key), "ticket")


def envelope_case(case, words):
    sender_seed, sender_sign, _, _, sender_id = case.identity("sender")
    _, _, box_public, box_secret, recipient_id = case.identity("recipient")

    def find(identifier, number):
        return sender_sign if (identifier, number) == (sender_id, case.key_number) else None

    def opened(sealed):
        return wire.envelope_open(sealed, case.organisation, recipient_id, box_public, box_secret, find)

    expected = wire.Envelope(case.type, sender_id, case.key_number, case.incarnation, case.server_epoch, case.ephemeral, case.sections)
    equal(opened(case.sealed), expected, "opened envelope")
    # Two identities with an id each, three ids, the ephemeral key and the sections were drawn before the box's own key.
    drawn = 2 * 80 + 3 * 16 + len(case.ephemeral) + len(case.sections)
    rebuilt = wire.envelope_seal(expected, sender_seed, case.organisation, recipient_id, box_public, chance(case.name, drawn)[:32])
    equal(rebuilt, case.sealed, "rebuilt envelope")
    for bit in range(0, 8 * len(case.sealed), 8 * len(case.sealed) // 7):
        refused(opened, flipped(case.sealed, bit))
    refused(opened, case.sealed[:-1])
    refused(wire.envelope_open, case.sealed, recipient_id, recipient_id, box_public, box_secret, find)


def session_case(case, words):
    server_public = primitives.x25519_public(case.server_secret)
    device_public = primitives.x25519_public(case.device_secret)
    session = wire.session_of(case.device_secret, server_public)
    equal(session, wire.session_start(device_public, server_public, primitives.x25519(case.server_secret, device_public)), "the server's side")
    counter = int.from_bytes(case.counter, "big")
    equal(session.id, case.id, "session id")
    equal(wire.session_open(session, session.up_key, case.up_frame), (counter, case.up), "frame up")
    equal(wire.session_open(session, session.down_key, case.down_frame), (counter, case.down), "frame down")
    equal(wire.session_seal(session, session.up_key, counter, case.up), case.up_frame, "rebuilt frame up")
    equal(wire.session_seal(session, session.down_key, counter, case.down), case.down_frame, "rebuilt frame down")
    refused(wire.session_open, session, session.down_key, case.up_frame)
    refused(wire.session_open, session, session.up_key, flipped(case.up_frame, 8 * len(case.up_frame) - 1))


def enrolment_case(case, words):
    root_seed, root_public, _, _, _ = case.identity("root")
    server_seed, server_sign, server_box, server_box_secret, server_id = case.identity("server")
    _, device_sign, device_box, device_box_secret, _ = case.identity("device")
    ticket = wire.ticket_of(case.code.decode())
    server = wire.server_keys_read(case.keys_message)
    certificate = primitives.sign(root_seed, wire.domain("certificate") + case.organisation + server_id + server_sign + server_box)
    equal(server, wire.ServerKeys(case.organisation, server_id, root_public, server_sign, server_box, certificate), "server keys")

    request = wire.request_open(case.request_message, server, server_box_secret, {ticket[0]: ticket[1]}.get)
    equal(request, wire.Request(ticket[0], device_sign, device_box, case.device_name.decode(), case.platform.decode()), "request")
    drawn = 3 * 80 + 4 * 16
    equal(wire.request_seal(server, ticket[1], request, chance(case.name, drawn)[:32]), case.request_message, "rebuilt request")
    equal(wire.enrolment_words(words, server, device_sign, device_box, ticket[0]), case.words.decode(), "six words")

    grant = wire.grant_open(case.grant_message, server, device_sign, device_box, device_box_secret, ticket)
    equal(grant, wire.DeviceGrant(case.granted_device_id, case.technician_id, case.epoch, case.lease_until_ms,
                                  case.organisation_name.decode(), case.technician_name.decode()), "grant")
    equal(wire.grant_seal(grant, server, server_seed, device_sign, device_box, ticket, chance(case.name, drawn + 32)[:32]),
          case.grant_message, "rebuilt grant")
    refused(wire.server_keys_read, flipped(case.keys_message, 8 * 60))
    refused(wire.request_open, case.request_message, server, server_box_secret, {ticket[0]: bytes(32)}.get)
    refused(wire.grant_open, case.grant_message, server, device_sign, device_box, device_box_secret, (ticket[0], bytes(32)))


def plain_case(case, words):
    equal(case.ask, wire.enrolment_header(wire.ENROL_ASK), "ask")
    equal(case.pending, wire.enrolment_header(wire.ENROL_PENDING), "pending")
    equal(case.refused, wire.enrolment_header(wire.ENROL_REFUSED) + case.reason.to_bytes(4, "little"), "refused")


def words_case(case, words):
    equal(len(words), 2048, "number of words")
    equal(primitives.blake2b("\n".join(words).encode()), case.digest, "digest of the list")


CHECKS = {"chain": chain_case, "ids": ids_case, "keys": keys_case, "ticket": ticket_case, "envelope": envelope_case,
          "session": session_case, "enrolment": enrolment_case, "plain": plain_case, "words": words_case}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    words = wire.words_read(sys.argv[2])
    checks = [("the_primitives_are_those_of_the_rfcs", check_primitives)]
    checks += [(fields["name"], lambda fields=fields: CHECKS[fields["kind"]](Case(fields), words)) for fields in cases]
    failed = 0
    print(f"1..{len(checks) + 1}")
    for number, (name, check) in enumerate(checks, 1):
        try:
            check()
            print(f"ok {number} - {name}")
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    complete = {fields["kind"] for fields in cases} == set(CHECKS)
    print(f"{'ok' if complete else 'not ok'} {len(checks) + 1} - every_kind_of_case_is_there")
    return 1 if failed or not complete else 0


if __name__ == "__main__":
    sys.exit(main())
