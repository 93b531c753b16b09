"""Decodes the golden bytes of tests/golden/wire/forms.txt from docs/protocol.md alone. Usage: forms_test.py forms.txt fields.txt dictionary_4.c"""
import pathlib
import re
import shutil
import sys
import traceback

import truckroll_forms as forms
import truckroll_wire as wire
from truckroll_primitives import Refused


def identifier(number):
    """The ids of forms_test.c."""
    return bytes((number * 37 + i * 11) % 256 for i in range(16))


def sequence(number, size=32):
    return bytes((number + i) % 256 for i in range(size))


def resolve(prefix):
    fitting = [identifier(number) for number in range(64) if identifier(number).startswith(prefix)]
    forms.insist(len(fitting) == 1, "a reference to no id or to several")
    return fitting[0]


def equal(left, right, what):
    if left != right:
        raise AssertionError(f"{what}: {left!r} instead of {right!r}")


def refused(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except Refused:
        return
    raise AssertionError(f"{function.__name__} accepted what was changed")


class Golden:
    def __init__(self, forms_path, fields_path):
        self.schemas = forms.Schemas(fields_path)
        with open(forms_path, encoding="utf-8") as file:
            self.bytes = {name: bytes.fromhex(data) for name, data in (line.split() for line in file)}

    def record(self, name):
        return forms.record_decode(self.schemas, self.bytes["record." + name])


OPERATIONS = ("accept", "use_part", "create", "import", "edit", "add_note", "finish")  # of the batches
FURTHER_OPERATIONS = ("cancel", "answer_task", "resolve_issue")


def records_are_canonical(golden):
    for name in ("account", "work_order"):
        data = golden.bytes["record." + name]
        equal(forms.record_encode(golden.schemas, golden.record(name)), data, name)
        for size in range(len(data)):
            try:  # a cut may fall between two fields; then it is another record
                equal(forms.record_encode(golden.schemas, forms.record_decode(golden.schemas, data[:size])), data[:size], "a cut record")
            except Refused:
                pass
        refused(forms.record_decode, golden.schemas, data + b"\x3f\x00")
    equal(golden.record("account").id, identifier(1), "account")


def row_hashes_are_siphash(golden):
    equal(forms.siphash_2_4_128(bytes(range(16)), bytes(range(15))).hex(), "5493e99933b0a8117e08ec0f97cfc3d9", "the reference vector")
    equal(forms.row_hash(golden.bytes["record.account"]), golden.bytes["row_hash.account"], "row hash")


def operations_are_canonical(golden):
    for name in OPERATIONS + FURTHER_OPERATIONS:
        data = golden.bytes["operation." + name]
        equal(forms.operation_encode(golden.schemas, forms.operation_decode(golden.schemas, data)), data, name)
        refused(forms.operation_decode, golden.schemas, data[:-1])
        refused(forms.operation_decode, golden.schemas, data + b"\0")


def columns_give_the_rows(golden):
    order = golden.record("work_order")
    fields = golden.schemas.of(order.kind)
    tables = []
    for name, references in (("columns.whole", None), ("columns.short", resolve)):
        reader = wire.Reader(golden.bytes[name])
        rows, _ = forms.columns(reader, fields, 12, references)
        reader.end()
        tables.append([forms.record_encode(golden.schemas, forms.record_of(order.kind, row)) for row in rows])
        equal(tables[-1][1], golden.bytes["record.work_order"], "the second order")
    equal(tables[0], tables[1], "rows by reference")
    refused(forms.columns, wire.Reader(golden.bytes["columns.short"]), fields, 12, None)

    reader = wire.Reader(golden.bytes["columns.masked"])
    rows, masks = forms.columns(reader, fields, 12, resolve, True, None, True)
    reader.end()
    equal(masks, [0x104 if row % 3 == 0 else 0x100 for row in range(12)], "masks")
    for row, (values, mask, whole) in enumerate(zip(rows, masks, tables[0])):
        expected = forms.record_decode(golden.schemas, whole)
        equal(forms.record_encode(golden.schemas, forms.record_of(order.kind, values)),
              forms.record_encode(golden.schemas, expected, mask), f"masked row {row}")


def sections_split_and_read(golden):
    found = forms.sections(golden.bytes["sections"])
    equal(found, [(1, golden.bytes["hello"]), (3, golden.bytes["pull"])], "sections")
    hello = forms.body_read(forms.HELLO, golden.bytes["hello"])
    equal((hello["incarnation"], hello["next_seq"], hello["chain_hash"], hello["cursor"], hello["clock_ms"], hello["carrier"]),
          (identifier(7), 300, sequence(1), (identifier(4), 77), 1770000000000, 1), "hello")
    welcome = forms.body_read(forms.WELCOME, golden.bytes["welcome"])
    equal((welcome["flags"], welcome["last_seq"], welcome["gseq"], welcome["backup_gseq"]), (1, 299, 80, 60), "welcome")
    equal(forms.body_read(forms.DECIDED, golden.bytes["decided"])["runs"], [(291, 293), (297, 297)], "runs")
    recon = forms.body_read(forms.RECON, golden.bytes["recon"])["questions"]
    territory = 3, identifier(2)
    equal(recon[:3], [(forms.SCOPES, (2, 77)), (forms.WHOLE_SCOPE, (1, forms.NIL), b"", (40, 99)),
                      (forms.WHOLE_SCOPE, (7, identifier(20)), b"", (0, 0))], "scopes")
    equal((recon[3][:3], recon[3][3][0], recon[3][3][255], sum(rows for rows, _ in recon[3][3])),
          ((forms.BUCKETS, territory, b"\xab"), (3, 0x0102030405060708), (300, 2**64 - 1), 303), "buckets")
    equal(recon[4:], [(forms.ROWS, territory, b"\xab\xcd", (0, forms.NIL)),
                      (forms.ROWS, (4, identifier(3)), b"", (6, identifier(30)))], "rows")
    equal(forms.body_read(forms.RECON, golden.bytes["recon.scopes"])["questions"],
          [(forms.SCOPES, b"\0", (2, 77)), (forms.SCOPES, b"\xab", (0, 0))], "scopes by their first byte")
    reply = forms.body_read(forms.RECON_REPLY, golden.bytes["recon.reply"])
    equal((reply["cursor"], reply["answers"][0], reply["answers"][3], reply["page"]),
          ((identifier(4), 80), (forms.HELD, [(1, forms.NIL), (7, identifier(20))]), (forms.DIFFERING, [0, 255]), b""), "answers")
    bodies = {"pull": forms.PULL, "pull.of_repair": forms.PULL, "recon": forms.RECON, "recon.scopes": forms.RECON, "recon.reply": forms.RECON_REPLY, "decided": forms.DECIDED, "cut": forms.CUT, "again": forms.AGAIN, "outlook": forms.OUTLOOK, "fault": forms.ERROR,
              "origin": forms.ORIGIN, "incident": forms.INCIDENT, "part": forms.PART, "held": forms.HELD_FILES,
              "pull.short": forms.SHORT_PULL, "decided.short": forms.SHORT_DECIDED, "cut.short": forms.SHORT_CUT,
              "carry": forms.CARRY, "carry.wish": forms.CARRY_WISH, "carry.reply": forms.CARRY_REPLY, "carry.reply.piece": forms.CARRY_REPLY_PIECE}
    for name, form in bodies.items():
        forms.body_read(form, golden.bytes[name])
        for size in range(len(golden.bytes[name])):
            refused(forms.body_read, form, golden.bytes[name][:size])
        refused(forms.body_read, form, golden.bytes[name] + b"\0")


def a_welcome_names_its_hello_and_a_lost_session_is_told(golden):
    equal(forms.sections(golden.bytes["answers"]), [(29, sequence(3, 16))], "answers")
    equal(golden.bytes["unknown_session"], b"TRK1" + bytes((1, 1, 0x20, 0)) + sequence(4, 8), "unknown session")


def short_forms_leave_out_what_the_session_said(golden):
    equal(forms.sections(golden.bytes["sections.short"]),
          [(32, golden.bytes["pull.short"]), (34, golden.bytes["decided.short"]), (35, golden.bytes["cut.short"])], "sections")
    equal(golden.bytes["pull.short"], golden.bytes["pull"][16:], "pull")
    equal(golden.bytes["cut.short"], golden.bytes["cut"][16:], "cut")
    whole, short = forms.body_read(forms.DECIDED, golden.bytes["decided"]), forms.body_read(forms.SHORT_DECIDED, golden.bytes["decided.short"])
    equal(short, {"seq": whole["seq"], "chain_hash": whole["chain_hash"][:8], "gseq": whole["gseq"], "runs": whole["runs"]}, "decided")


def a_bundle_gives_its_envelopes(golden):
    data = golden.bytes["bundle"]
    bundle = forms.bundle_read(data)
    equal((bundle.direction, bundle.organisation, bundle.device, bundle.envelopes),
          (2, identifier(8), identifier(9), [b"the first envelope", b"and the second one"]), "bundle")
    part = forms.body_read(forms.PART, golden.bytes["part"])
    equal((part["bundle"], part["since"], part["until"], part["flags"], part["number"]),
          (identifier(11), (identifier(4), 77), (identifier(4), 80), 3, 2), "part")
    for size in range(len(data)):
        refused(forms.bundle_read, data[:size] if size >= 45 else data[:8] + b"\0" * 37)
    refused(forms.bundle_read, data + b"\0")


def what_is_carried_gives_its_pieces(golden):
    equal(forms.body_read(forms.HELD_FILES, golden.bytes["held"])["beginnings"], [bytes(range(5, 13)), bytes(range(6, 14))], "held")
    piece = bytes(range(5, 37)), 300, 200, b"the rest of it"
    carry = forms.body_read(forms.CARRY, golden.bytes["carry"])
    equal(tuple(carry.values()), piece, "carry")
    wish = forms.body_read(forms.CARRY_WISH, golden.bytes["carry.wish"])
    equal(tuple(wish.values()), (identifier(9), identifier(11), 2, 200, 56 * 1024), "wish")
    equal(tuple(forms.body_read(forms.CARRY_REPLY, golden.bytes["carry.reply"]).values()), (2, 1), "a fault")
    reply = forms.body_read(forms.CARRY_REPLY_PIECE, golden.bytes["carry.reply.piece"])
    equal(tuple(reply.values()), (5, 0, identifier(11), 2, 1, *piece), "a piece")


def a_batch_gives_the_canonical_operations(golden):
    batch = forms.batch_decode(golden.schemas, golden.bytes["batch"], resolve)
    equal((batch.incarnation, batch.first_seq, len(batch.secrets)), (identifier(7), 253, 2), "batch")
    equal(b"".join(batch.secrets), bytes(i % 256 for i in range(64)), "secrets")
    for name, operation in zip(OPERATIONS, batch.operations, strict=True):
        equal(forms.operation_encode(golden.schemas, operation), golden.bytes["operation." + name], name)
    head = sequence(9)
    for seq, name in enumerate(OPERATIONS, 253):
        head = wire.chain_extend(head, batch.secrets[seq // 256], seq, golden.bytes["operation." + name])
    equal(forms.chain_head(golden.schemas, batch, sequence(9), wire.chain_extend), head, "chain")


def a_short_batch_leaves_out_the_secret_that_came_before(golden):
    whole = forms.batch_decode(golden.schemas, golden.bytes["batch"], resolve)
    short = forms.batch_decode(golden.schemas, golden.bytes["batch.short"], resolve, known=identifier(7))
    equal((short.first_seq, short.secrets, short.last_hash, short.signature),
          (whole.first_seq, whole.secrets[1:], whole.last_hash[:8], whole.signature), "batch")
    for one, other in zip(whole.operations, short.operations, strict=True):
        equal(forms.operation_encode(golden.schemas, other), forms.operation_encode(golden.schemas, one), "operation")


def dictionaries():
    """By their numbers, out of their C files."""
    return {int(re.search(r"_(\d+)\.c$", name).group(1)): bytes(int(byte, 16) for byte in re.findall(r"\b0x([0-9a-f]{2}),", pathlib.Path(name).read_text()))
            for name in sys.argv[3:]}


def small_blocks_are_read_by_their_dictionary(golden):
    for name, decode, block_at in (("batch", forms.batch_decode, 32 + 8 + 64 + 3), ("page", forms.page_decode, 4)):
        data = golden.bytes[name + ".dictionary"]
        block = wire.Reader(data[block_at:]).bytes()
        equal((block[0], block[1]), (2, 4), "compression and dictionary")
        known = {"known": identifier(7)} if name == "batch" else {}
        assert len(data) < len(golden.bytes["batch.short" if known else "page"]), "it gains nothing"
        equal(decode(golden.schemas, data, resolve, **known, dictionaries=dictionaries()),
              decode(golden.schemas, golden.bytes["batch.short" if known else "page"], resolve, **known), name)
        refused(decode, golden.schemas, data, resolve, **known)


def a_batch_sent_again_names_first_ids(golden):
    plain = forms.batch_decode(golden.schemas, golden.bytes["batch"], resolve)
    again = forms.batch_decode(golden.schemas, golden.bytes["batch.re_sent"], resolve)
    wanted = [None] * len(OPERATIONS)
    wanted[1], wanted[-1] = identifier(91), identifier(92)
    equal((plain.first_ids, again.first_ids), ([None] * len(OPERATIONS), wanted), "first ids")
    for one, other in zip(plain.operations, again.operations, strict=True):
        equal(forms.operation_encode(golden.schemas, other), forms.operation_encode(golden.schemas, one), "operation")


def a_page_gives_the_rows(golden):
    resume, groups = forms.page_decode(golden.schemas, golden.bytes["page"], resolve)
    equal(resume, b"\3\1\2", "resume")
    equal([(group.scope, group.type, group.kind, len(group.rows)) for group in groups],
          [((3, identifier(2)), forms.WHOLE, 9, 12), ((3, identifier(2)), forms.PATCH, 9, 3), ((7, identifier(20)), forms.LEFT, 9, 2),
           ((1, forms.NIL), forms.MEMBER, 5, 1)], "groups")
    equal(forms.record_encode(golden.schemas, groups[0].rows[1]), golden.bytes["record.work_order"], "the second order")
    equal([row.id for row in groups[1].rows], [identifier(20 + i) for i in range(3)], "patched")
    equal([row.id for row in groups[3].rows], [identifier(1)], "members")


def a_page_gives_words_about_scopes(golden):
    resume, groups = forms.page_decode(golden.schemas, golden.bytes["page.words"], resolve)
    equal(resume, b"\3\1\2", "resume")
    low, high = bytes(range(8, 0, -1)), bytes(range(24, 16, -1))
    equal([(group.scope, group.type, group.digest, len(group.rows)) for group in groups],
          [((7, identifier(20)), forms.DIGEST, (300, low + high), 0), ((7, identifier(21)), forms.DROPPED, None, 0),
           ((7, identifier(20)), forms.LEFT, None, 1), ((1, forms.NIL), forms.DIGEST, (0, bytes(16)), 0)], "groups")


def a_page_gives_fields_of_later_revisions_and_unknown_ones(golden):
    _, (group,) = forms.page_decode(golden.schemas, golden.bytes["page.sized"], resolve)
    expected, unknown = group.rows
    equal((expected.values[27], unknown.values.get(27), unknown.values[60]), (1788250500000, None, b"ab"), "fields with sizes")
    equal(forms.record_encode(golden.schemas, unknown)[-4:], b"\x3c\2ab", "the canonical form")


def the_head_statement_is_what_is_signed(golden):
    data = golden.bytes["head_statement"]
    reader = wire.Reader(data)
    prefix = reader.raw(len(wire.domain("head")))
    parts = reader.raw(16), reader.raw(16), reader.raw(16), reader.u64(), reader.raw(32)
    reader.end()
    equal(prefix, wire.domain("head"), "prefix")
    equal(forms.head_statement(*parts), data, "head statement")


def main():
    golden = Golden(sys.argv[1], sys.argv[2])
    checks = [records_are_canonical, row_hashes_are_siphash, operations_are_canonical, columns_give_the_rows, sections_split_and_read,
              a_welcome_names_its_hello_and_a_lost_session_is_told,
              short_forms_leave_out_what_the_session_said, the_head_statement_is_what_is_signed, a_bundle_gives_its_envelopes, what_is_carried_gives_its_pieces]
    packed = [a_batch_gives_the_canonical_operations, a_short_batch_leaves_out_the_secret_that_came_before, small_blocks_are_read_by_their_dictionary, a_batch_sent_again_names_first_ids, a_page_gives_the_rows,
              a_page_gives_words_about_scopes, a_page_gives_fields_of_later_revisions_and_unknown_ones]
    failed = 0
    print(f"1..{len(checks) + len(packed)}")
    for number, check in enumerate(checks + packed, 1):
        if check in packed and shutil.which("zstd") is None:
            print(f"ok {number} - {check.__name__} # SKIP the zstd command is not installed")
            continue
        try:
            check(golden)
            print(f"ok {number} - {check.__name__}")
        except Exception:
            failed += 1
            print(f"not ok {number} - {check.__name__}")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
