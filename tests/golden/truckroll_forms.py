"""The forms of data of docs/protocol.md, written from that page alone: canonical records and operations, columns, packed blocks, sections,
batch, page and cut. Decoding is strict; Refused says what does not fit. Field tables come from tests/golden/fields.txt."""
import struct
import subprocess
import tempfile
from dataclasses import dataclass, field

from truckroll_primitives import blake2b, insist
from truckroll_wire import NIL, Reader, domain, varint, with_length

KINDS = {name: number for number, name in enumerate((
    "territory technician part stock_location account site asset service_request work_order visit note movement balance kb_article device "
    "operation issue contact task task_answer time_entry attachment meter reading territory_grant "
    "site_access work_order_cost").split(), 1)}
OPERATIONS = {name: number for number, name in enumerate((
    "create edit add_note book dispatch cancel reassign accept decline travel arrive pause resume finish abort use_part return_part "
    "resolve_issue reschedule answer_task log_time read_meter add_photo sign reopen_visit hold release close reopen_order "
    "cancel_order delay").split(), 1)}
KIND_OF_HEAD, KIND_OF_ARGUMENTS = 64, 128
CREATE, EDIT = OPERATIONS["create"], OPERATIONS["edit"]
HEAD_TAGS = {"kind": 2, "record": 3}
ROWS_MAX, RAW_MAX, SMALL_MAX, RECORD_MAX, WINDOW_MAX = 65536, 2**20, 16 * 1024, 60 * 1024, 2**18
ROW_HASH_KEY = b"truckroll/row/v1"
WIDTH_WHOLE = 16
SIZED = 128  # added to the number of a column whose values state their sizes


def kind_number(name):
    if name == "operation_head":
        return KIND_OF_HEAD
    return KINDS[name] if name in KINDS else KIND_OF_ARGUMENTS + OPERATIONS[name]


class Schemas:
    """Kind number to {tag: type}."""

    def __init__(self, path):
        self.by_kind = {}
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, tag, kind = line.split()[:3]
                self.by_kind.setdefault(kind_number(name.split(".")[0]), {})[int(tag)] = kind

    def of(self, kind):
        insist(kind in self.by_kind, f"an unknown kind {kind}")
        return self.by_kind[kind]

    def of_arguments(self, operation, record):
        """(kind, fields) or None when the operation has no arguments."""
        if operation in (CREATE, EDIT):
            return record, self.of(record)
        fields = self.by_kind.get(KIND_OF_ARGUMENTS + operation)
        return None if fields is None else (KIND_OF_ARGUMENTS + operation, fields)


# Canonical forms

DEFAULTS = {"id": NIL, "text": "", "integer": 0, "time": 0, "choice": 0, "boolean": 0}


def zigzag(value):
    return varint(value << 1 if value >= 0 else -value * 2 - 1)


def value_encode(kind, value):
    if kind == "id":
        return value
    if kind == "text":
        return value.encode()
    if kind == "boolean":
        return b"\1"
    return varint(value) if kind == "choice" else zigzag(value)


def value_decode(kind, data):
    reader = Reader(data)
    if kind == "id":
        value = reader.raw(16)
    elif kind == "text":
        value = Reader(with_length(data)).text()
        reader.raw(len(data))
    elif kind == "boolean":
        value = reader.u8()
        insist(value == 1, "a boolean that is not 1")
    else:
        value = reader.varint(2**32 - 1) if kind == "choice" else reader.signed()
    reader.end()
    insist(value != DEFAULTS[kind], "a default written out")
    return value


@dataclass
class Record:
    kind: int
    id: bytes
    values: dict  # tag to value, without the id and without defaults


def record_encode(schemas, record, mask=None):
    fields = schemas.of(record.kind)
    data = varint(record.kind) + record.id
    for tag in sorted(record.values):
        if tag not in fields:
            data += varint(tag) + with_length(record.values[tag])
        elif record.values[tag] != DEFAULTS[fields[tag]] and (mask is None or mask >> tag & 1):
            data += varint(tag) + with_length(value_encode(fields[tag], record.values[tag]))
    return data


def record_decode(schemas, data):
    insist(len(data) <= RECORD_MAX, "a record that is too long")
    reader = Reader(data)
    record = Record(reader.varint(), reader.raw(16), {})
    fields, last = schemas.of(record.kind), 1
    while reader.left():
        tag = reader.varint()
        insist(tag > last, "tags out of order")
        insist(tag in fields, f"an unknown tag {tag}")
        record.values[tag], last = value_decode(fields[tag], reader.bytes()), tag
    return record


@dataclass
class Operation:
    head: Record
    arguments: Record = None
    mask: int = 0
    old_values: Record = None

    @property
    def kind(self):
        return self.head.values.get(HEAD_TAGS["kind"], 0)

    @property
    def record(self):
        return self.head.values.get(HEAD_TAGS["record"], 0)


def operation_encode(schemas, operation):
    mask = operation.mask if operation.kind == EDIT else None
    data = with_length(record_encode(schemas, operation.head))
    data += with_length(b"" if operation.arguments is None else record_encode(schemas, operation.arguments, mask))
    if operation.kind == EDIT:
        data += varint(mask) + with_length(record_encode(schemas, operation.old_values, mask))
    return data


def operation_decode(schemas, data):
    reader = Reader(data)
    operation = Operation(record_decode(schemas, reader.bytes()))
    insist(operation.head.kind == KIND_OF_HEAD, "a head of another kind")
    expected, arguments = schemas.of_arguments(operation.kind, operation.record), reader.bytes()
    insist((expected is None) == (arguments == b""), "arguments too many or missing")
    if expected is not None:
        operation.arguments = record_decode(schemas, arguments)
        insist(operation.arguments.kind == expected[0], "arguments of another kind")
        insist(operation.arguments.id == (operation.head.id if operation.kind == CREATE else NIL), "arguments with an id of their own")
    if operation.kind == EDIT:
        operation.mask = mask_check(expected[1], reader.varint())
        operation.old_values = record_decode(schemas, reader.bytes())
        for part in (operation.arguments, operation.old_values):
            insist(part.kind == operation.record and part.id == NIL, "a part of an edit of another kind")
            insist(all(operation.mask >> tag & 1 for tag in part.values), "a value beside the mask")
    reader.end()
    return operation


def mask_check(fields, mask):
    insist(mask & 3 == 0 and all(tag in fields for tag in range(64) if mask >> tag & 1), "a mask of unknown fields")
    return mask


def siphash_2_4_128(key, data):
    def rotate(value, count):
        return (value << count | value >> 64 - count) & 2**64 - 1

    def rounds(count):
        for _ in range(count):
            v[0] = v[0] + v[1] & 2**64 - 1
            v[2] = v[2] + v[3] & 2**64 - 1
            v[1], v[3] = rotate(v[1], 13) ^ v[0], rotate(v[3], 16) ^ v[2]
            v[0] = rotate(v[0], 32)
            v[2] = v[2] + v[1] & 2**64 - 1
            v[0] = v[0] + v[3] & 2**64 - 1
            v[1], v[3] = rotate(v[1], 17) ^ v[2], rotate(v[3], 21) ^ v[0]
            v[2] = rotate(v[2], 32)

    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D ^ 0xEE, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xEE
    rounds(4)
    low = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xDD
    rounds(4)
    return struct.pack("<QQ", low, v[0] ^ v[1] ^ v[2] ^ v[3])


def row_hash(canonical):
    return siphash_2_4_128(ROW_HASH_KEY, canonical)


# Columns

def wrapped(value):
    """Two's complement of 64 bits."""
    return (value + 2**63) % 2**64 - 2**63


def bits(reader, count, width):
    data = int.from_bytes(reader.raw((count * width + 7) // 8), "little")
    insist(data >> count * width == 0, "unused bits that are set")
    return [data >> i * width & (1 << width) - 1 for i in range(count)]


def planes(reader, count, width):
    """For each of `count` values its `width` bytes, from as many planes."""
    data = [reader.raw(count) for _ in range(width)]
    return [bytes(plane[i] for plane in data) for i in range(count)]


def stepped(reader, count, in_planes):
    least, step, width = reader.signed(), reader.varint(), reader.u8()
    insist(step >= 1 and (1 <= width <= 8 if in_planes else width <= 56), "a step or width without meaning")
    numbers = ([int.from_bytes(value, "little") for value in planes(reader, count, width)] if in_planes else bits(reader, count, width))
    return [wrapped(least + step * number) for number in numbers]


def places(reader, count, size):
    numbers = integers(reader, count, dictionary=False)
    insist(all(0 <= number < size for number in numbers), "a place beyond the dictionary")
    return numbers


def integers(reader, count, dictionary=True):
    if count == 0:
        return []
    form = reader.u8()
    if form == 0:
        return [reader.signed()] * count
    if form in (1, 2):
        return stepped(reader, count, form == 2)
    if form in (3, 4):
        insist(count >= 2, "differences of one value")
        values = [reader.signed()]
        for difference in stepped(reader, count - 1, form == 4):
            values.append(wrapped(values[-1] + difference))
        return values
    insist(form == 5 and dictionary, f"an unknown form {form} of integers")
    size = reader.varint(count)
    insist(size >= 1, "an empty dictionary")
    values = integers(reader, size, dictionary=False)
    insist(all(left < right for left, right in zip(values, values[1:])), "a dictionary out of order")
    return [values[place] for place in places(reader, count, size)]


def text_of(data):
    return Reader(with_length(data)).text()


def texts(reader, count, dictionary=True):
    if count == 0:
        return []
    form = reader.u8()
    if form == 0:
        return [reader.text()] * count
    if form == 1:
        lengths = integers(reader, count)
        insist(all(length >= 0 for length in lengths), "a length below zero")
        return [text_of(reader.raw(length)) for length in lengths]
    if form == 3:
        prefix, digits = reader.text(32), reader.u8()
        insist(digits <= 18, "too many digits")
        numbers = integers(reader, count)
        insist(all(0 <= number < 10**18 for number in numbers), "a number out of range")
        insist(digits == 0 or all(len(str(number)) <= digits for number in numbers), "a number with more digits")
        return [prefix + str(number).zfill(digits) for number in numbers]
    insist(form == 2 and dictionary, f"an unknown form {form} of texts")
    size = reader.varint(count)
    insist(size >= 1, "an empty dictionary")
    values = texts(reader, size, dictionary=False)
    return [values[place] for place in places(reader, count, size)]


def prefixes(reader, count, dictionary=True):
    """The first bytes of ids, all of one width."""
    if count == 0:
        return []
    form = reader.u8()
    if form == 3:
        insist(dictionary, "a dictionary in a dictionary")
        size = reader.varint(count)
        insist(size >= 1, "an empty dictionary")
        values = prefixes(reader, size, dictionary=False)
        return [values[place] for place in places(reader, count, size)]
    insist(form <= 2, f"an unknown form {form} of ids")
    width = reader.u8()
    insist(4 <= width <= 16, "a width without meaning")
    if form == 0:
        return [reader.raw(width)] * count
    values, total = planes(reader, count, width), 0
    if form == 2:
        for i, value in enumerate(values):
            total = (total + int.from_bytes(value, "big")) % 256**width
            values[i] = total.to_bytes(width, "big")
    return values


def ids(reader, count, resolve):
    """`resolve` turns a prefix into the id it stands for; None where ids must be whole."""
    values = prefixes(reader, count)
    insist(resolve is not None or all(len(value) == WIDTH_WHOLE for value in values), "a reference where an id must be whole")
    return [value if len(value) == WIDTH_WHOLE else resolve(value) for value in values]


def column_values(reader, kind, count, resolve):
    if kind == "id":
        return ids(reader, count, resolve)
    if kind == "text":
        return texts(reader, count)
    values = integers(reader, count)
    if kind in ("choice", "boolean"):
        insist(all(0 <= value < (2 if kind == "boolean" else 2**32) for value in values), "a choice or boolean out of range")
    return values


def sized_values(reader, kind, count):
    """Canonical values with their sizes; those of a field that is not known (kind None) stay as they are."""
    sizes = integers(reader, count)
    insist(all(size > 0 for size in sizes), "a value of no size")
    values = [reader.raw(size) for size in sizes]
    return values if kind is None else [value_decode(kind, value) for value in values]


def columns(reader, fields, count, resolve, masked=False, masks=None, ids_known=False, left_out=()):
    """(rows: tag to value, masks). `masks` are those known from elsewhere; `masked` alone reads them."""
    insist(count <= ROWS_MAX, "too many rows")
    if masked and masks is None:
        masks = [mask_check(fields, value % 2**64) for value in integers(reader, count)]
    rows, last = [{} for _ in range(count)], 0
    while True:
        number = reader.varint()
        if number == 0:
            return rows, masks
        sized = number >= SIZED
        tag, sparse = (number - SIZED if sized else number) >> 1, number & 1
        insist(tag > last, "columns out of order")
        insist((tag in fields or sized and tag <= 63) and tag not in left_out and not (sized and tag == 1), f"a column with tag {tag}")
        last = tag
        chosen = [row for row, line in enumerate(rows) if tag == 1 or masks is None or masks[row] >> tag & 1]
        if sparse:
            present = bits(reader, len(chosen), 1)
            insist(0 < sum(present) < len(present), "a bitmap that says nothing")
            chosen = [row for row, bit in zip(chosen, present) if bit]
        insist(chosen, "a column of no rows")
        if sized:
            values = sized_values(reader, fields.get(tag), len(chosen))
        else:
            values = column_values(reader, fields[tag], len(chosen), resolve if tag != 1 or ids_known else None)
        for row, value in zip(chosen, values):
            rows[row][tag] = value


def record_of(kind, row):
    return Record(kind, row.get(1, NIL), {tag: value for tag, value in row.items() if tag != 1})


# Packed blocks

def frame_check(data, size):
    """One zstd frame (RFC 8878) that states its size, without dictionary id, and a window within bounds."""
    reader = Reader(data)
    insist(reader.raw(4) == b"\x28\xb5\x2f\xfd", "no zstd frame")
    descriptor = reader.u8()
    single, flag = descriptor >> 5 & 1, descriptor >> 6
    insist(descriptor & 3 == 0, "a frame with a dictionary id")
    insist(single or flag, "a frame that does not state its size")
    if not single:
        window = reader.u8()
        insist((1 << 10 + (window >> 3)) * (8 + (window & 7)) // 8 <= WINDOW_MAX, "a window that is too large")
    stated = int.from_bytes(reader.raw((1, 2, 4, 8)[flag]), "little") + (256 if flag == 1 else 0)
    insist(stated == size and (not single or size <= WINDOW_MAX), "another size")


def zstd(data, *words):
    result = subprocess.run(["zstd", "-dc", "--memory=1MB", *words], input=data, capture_output=True, check=False)
    insist(result.returncode == 0, "a damaged frame")
    return result.stdout


def zstd_by(dictionary, blocks, size):
    """The blocks of a frame, whose head is made here."""
    insist(len(blocks) < size <= SMALL_MAX, "not a small block")
    head = bytes([0x20, size]) if size < 256 else b"\x60" + (size - 256).to_bytes(2, "little")
    with tempfile.NamedTemporaryFile() as file:
        file.write(dictionary)
        file.flush()
        return zstd(b"\x28\xb5\x2f\xfd" + head + blocks, "-D", file.name)


def unpack(reader, dictionaries=None):
    """`dictionaries`: bytes by number."""
    block = Reader(reader.bytes())
    compression, dictionary, size = block.u8(), block.u8(), block.varint(RAW_MAX)
    insist(compression <= 2 and (dictionary in (dictionaries or {}) if compression == 2 else dictionary == 0), "an unknown compression")
    data = block.raw(block.left())
    if compression == 1:
        frame_check(data, size)
        data = zstd(data)
    if compression == 2:
        data = zstd_by(dictionaries[dictionary], data, size)
    insist(len(data) == size, "another size")
    return Reader(data)


# Sections

def sections(data):
    """[(number, body)] with unknown skippable ones left in."""
    reader, found = Reader(data), []
    while reader.left():
        number = reader.varint()
        found.append((number >> 1, reader.bytes()))
        insist(len(found) <= 64 and (number & 1 or number >> 1 in SECTIONS), "sections too many or unknown")
    return found


def count_of(reader):
    return reader.varint(2**63 - 1)


def flags(reader, known):
    value = reader.u8()
    insist(value & ~known == 0, "an unknown flag")
    return value


def cursor(reader):
    return reader.raw(16), count_of(reader)


def runs(reader):
    found, end = [], -2
    for _ in range(reader.varint(2**20)):
        start = end + 2 + reader.varint() if found else reader.varint()
        end = start + reader.varint()
        found.append((start, end))
        insist(sum(last - first + 1 for first, last in found) <= 2**20, "runs that are too long")
    return found


def scope(reader):
    kind = reader.varint()
    insist(1 <= kind <= 7, "an unknown scope")
    return kind, NIL if kind <= 2 else reader.raw(16)


def several(read):
    return lambda reader: [read(reader) for _ in range(reader.varint(reader.left()))]


def digest(reader):
    return scope(reader), count_of(reader), reader.raw(16)


SCOPES, WHOLE_SCOPE, BUCKETS, ROWS = range(4)
SAME, OTHER, DIFFERING, ANSWERED, NOT_HELD, HELD = range(6)


def check_of(reader):
    rows = count_of(reader)
    return rows, reader.u64() if rows else 0


def row_name(reader):
    kind = reader.varint(0xFFFF)
    return kind, reader.raw(16) if kind else NIL


def question(reader):
    lead = reader.u8()
    form, depth = lead % 4, lead // 4
    insist(depth <= {SCOPES: 1, WHOLE_SCOPE: 0, BUCKETS: 1, ROWS: 2}[form], "a prefix that is too long")
    if form == SCOPES:
        return (form, *([reader.raw(depth)] if depth else []), check_of(reader))
    place = scope(reader), reader.raw(depth)
    if form == WHOLE_SCOPE:
        return form, *place, check_of(reader)
    if form == ROWS:
        return form, *place, row_name(reader)
    return form, *place, [check_of(reader) for _ in range(256)]


def answer(reader):
    verdict = reader.u8()
    insist(verdict <= HELD, "an answer that is not known")
    if verdict == DIFFERING:
        bits = reader.raw(32)
        return verdict, [bucket for bucket in range(256) if bits[bucket // 8] >> bucket % 8 & 1]
    if verdict == ANSWERED:
        return verdict, row_name(reader)
    return (verdict, several(scope)(reader)) if verdict == HELD else (verdict,)


ID, HASH, SIGNED, VARINT = (lambda r: r.raw(16)), (lambda r: r.raw(32)), Reader.signed, Reader.varint
HELLO = {"incarnation": ID, "next_seq": count_of, "chain_hash": HASH, "cursor": cursor, "settled_seq": count_of, "schema_revision": count_of,
         "handler_revision": count_of, "queue_depth": count_of, "oldest_pending_age_ms": count_of, "free_disk_bytes": count_of,
         "clock_ms": SIGNED, "carrier": VARINT}
PULL = {"cursor": cursor, "settled_seq": count_of, "budget": count_of, "class": VARINT, "flags": lambda r: flags(r, 3),
        "wait_ms": lambda r: r.varint(240000), "resume": lambda r: r.bytes(64)}
WELCOME = {"incarnation": ID, "flags": lambda r: flags(r, 3), "last_seq": count_of, "chain_hash": HASH, "epoch": ID, "gseq": count_of,
           "time_ms": SIGNED, "device_state": VARINT, "lease_until_ms": SIGNED, "backup_gseq": count_of, "schema_revision": count_of,
           "handler_revision": count_of}
DECIDED = {"incarnation": ID, "seq": count_of, "chain_hash": HASH, "gseq": count_of, "runs": runs}
CUT = {"cursor": cursor, "digests": several(digest), "dropped": several(scope), "held": several(scope)}
RECON = {"questions": several(question)}
RECON_REPLY = {"cursor": cursor, "answers": several(answer), "page": Reader.bytes}
AGAIN = {"after_ms": count_of}
OUTLOOK = {"rows": count_of}
ERROR = {"code": VARINT, "value": SIGNED}
ORIGIN = {"previous": ID, "shared_seq": count_of}
INCIDENT = {"at_ms": count_of, "what": lambda r: r.bytes(32), "detail": lambda r: r.bytes(200)}
PART = {"bundle": ID, "incarnation": ID, "told": cursor, "since": cursor, "settled_seq": count_of, "until": cursor, "flags": lambda r: flags(r, 3),
        "number": count_of}
HELD_FILES = {"beginnings": several(lambda r: r.raw(8))}
CARRY = {"envelope": HASH, "size": VARINT, "offset": VARINT, "bytes": lambda r: r.bytes(56 * 1024)}
CARRY_WISH = {"device": ID, "bundle": ID, "number": count_of, "offset": VARINT, "piece_max": VARINT}
CARRY_REPLY = {"state": lambda r: r.u8(), "value": SIGNED}
CARRY_REPLY_PIECE = {**CARRY_REPLY, "bundle": ID, "number": count_of, "flags": lambda r: flags(r, 1), **CARRY}
# In a session: without what hello and welcome said.
SHORT_PULL = {"gseq": count_of, **{name: read for name, read in PULL.items() if name != "cursor"}}
SHORT_DECIDED = {"seq": count_of, "chain_hash": lambda r: r.raw(8), "gseq": count_of, "runs": runs}
SHORT_CUT = {"gseq": count_of, **{name: read for name, read in CUT.items() if name != "cursor"}}
SECTIONS = {1: HELLO, 2: None, 3: PULL, 4: RECON, 5: ORIGIN, 6: INCIDENT, 10: WELCOME, 11: DECIDED, 12: None, 13: CUT, 14: AGAIN, 15: ERROR, 16: RECON_REPLY, 20: PART,
            24: OUTLOOK, 25: CARRY, 26: CARRY_WISH, 27: None, 28: HELD_FILES, 32: SHORT_PULL, 33: None, 34: SHORT_DECIDED, 35: SHORT_CUT}


def body_read(form, data):
    reader = Reader(data)
    values = {name: read(reader) for name, read in form.items()}
    reader.end()
    return values


# Bundle

@dataclass
class Bundle:
    direction: int
    organisation: bytes
    device: bytes
    envelopes: list


def bundle_read(data):
    insist(data[:8] == b"TRKBNDL1", "no bundle")
    direction, organisation, device, count = struct.unpack_from("<B16s16sI", data, 8)
    insist(direction in (1, 2) and 1 <= count <= 65536, "a damaged head")
    at, envelopes = 45, []
    for _ in range(count):
        insist(at + 4 <= len(data), "cut")
        size, = struct.unpack_from("<I", data, at)
        insist(16 <= size <= 65536 and at + 4 + size <= len(data), "cut, or a size that cannot be")
        envelopes.append(data[at + 4:at + 4 + size])
        at += 4 + size
    insist(data[at:] == blake2b(data[:at], key=b"truckroll/bundle/v1"), "another hash")
    return Bundle(direction, organisation, device, envelopes)


# Batch and page

@dataclass
class Batch:
    incarnation: bytes
    first_seq: int
    secrets: list
    last_hash: bytes
    signature: bytes
    operations: list = field(default_factory=list)
    first_ids: list = field(default_factory=list)


def head_statement(organisation, device, incarnation, last_seq, last_hash):
    return domain("head") + organisation + device + incarnation + struct.pack("<Q", last_seq) + last_hash


def group_operations(schemas, reader, group, resolve):
    kind, record, count = group
    head_fields = schemas.of(KIND_OF_HEAD)
    heads, _ = columns(reader, head_fields, count, resolve, ids_known=kind != CREATE, left_out=HEAD_TAGS.values())
    for head in heads:
        head.update({HEAD_TAGS["kind"]: kind, HEAD_TAGS["record"]: record})
    operations = [Operation(record_of(KIND_OF_HEAD, head)) for head in heads]
    expected = schemas.of_arguments(kind, record)
    if expected is None:
        return operations
    rows, masks = columns(reader, expected[1], count, resolve, masked=kind == EDIT, left_out=(1,))
    for number, operation in enumerate(operations):
        operation.arguments = record_of(expected[0], rows[number])
        if kind == CREATE:
            operation.arguments.id = operation.head.id
    if kind == EDIT:
        rows, _ = columns(reader, expected[1], count, resolve, masked=True, masks=masks, left_out=(1,))
        for operation, row, mask in zip(operations, rows, masks):
            operation.mask, operation.old_values = mask, record_of(expected[0], row)
    return operations


def first_ids(block, count):
    """The ids that operations sent before under another incarnation first had; None for the others, and when nothing was."""
    if block.left() == 0:
        return [None] * count
    ids = []
    for _ in range(count):
        flag = block.raw(1)[0]
        insist(flag in (0, 1), "a first id's flag")
        ids.append(block.raw(16) if flag else None)
    insist(any(ids) and NIL not in ids, "first ids of nothing")
    return ids


def batch_decode(schemas, data, resolve, known=None, dictionaries=None):
    """`known`: the incarnation of the session, when it is the short form; the secrets are then those that came, the hash its beginning."""
    reader = Reader(data)
    batch = Batch(known or reader.raw(16), count_of(reader), [], b"", b"")
    count = reader.varint(ROWS_MAX)
    insist(count >= 1 and batch.first_seq >= 1, "an empty batch")
    windows = (batch.first_seq + count - 1) // 256 - batch.first_seq // 256 + 1
    windows -= bool(known) and batch.first_seq > 1 and batch.first_seq % 256 != 0
    batch.secrets = [reader.raw(32) for _ in range(windows)]
    batch.last_hash, batch.signature = reader.raw(8 if known else 32), reader.raw(64)
    block = unpack(reader, dictionaries)
    reader.end()
    groups = [(block.varint(), block.varint(), block.varint(ROWS_MAX)) for _ in range(block.varint(256))]
    order = places(block, count, len(groups)) if groups else []
    insist([order.count(number) for number in range(len(groups))] == [size for _, _, size in groups], "groups of another size")
    sources = [iter(group_operations(schemas, block, group, resolve)) for group in groups]
    batch.first_ids = first_ids(block, count)
    block.end()
    batch.operations = [next(sources[number]) for number in order]
    return batch


WHOLE, PATCH, LEFT, MEMBER, DIGEST, DROPPED = range(6)


@dataclass
class PageGroup:
    scope: tuple
    type: int
    kind: int
    rows: list
    masks: list
    digest: tuple = None  # (rows, sum), of a word that says one


def page_decode(schemas, data, resolve, dictionaries=None):
    """(resume, groups)."""
    reader = Reader(data)
    resume = reader.bytes(64)
    block = unpack(reader, dictionaries)
    reader.end()
    groups, total = [], 0
    for _ in range(block.varint(block.left())):
        group = PageGroup(scope(block), block.varint(DROPPED), None, [], None)
        groups.append(group)
        if group.type == DIGEST:
            group.digest = (count_of(block), block.raw(16))
        if group.type in (DIGEST, DROPPED):
            continue
        group.kind = block.varint()
        count, fields = block.varint(ROWS_MAX), schemas.of(group.kind)
        total += count
        insist(total <= ROWS_MAX, "too many rows")
        left_out = [tag for tag in fields if tag != 1] if group.type in (LEFT, MEMBER) else ()
        rows, group.masks = columns(block, fields, count, resolve, masked=group.type == PATCH, ids_known=group.type != WHOLE, left_out=left_out)
        group.rows = [record_of(group.kind, row) for row in rows]
    block.end()
    return resume, groups


def chain_head(schemas, batch, previous, extend):
    """The chain hash after the batch; `extend` is truckroll_wire.chain_extend."""
    first_window = batch.first_seq // 256
    for seq, operation in enumerate(batch.operations, batch.first_seq):
        previous = extend(previous, batch.secrets[seq // 256 - first_window], seq, operation_encode(schemas, operation))
    return previous
