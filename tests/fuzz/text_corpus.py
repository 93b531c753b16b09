"""Writes the first inputs of the targets that read text: settings, requests, command lines, values, keys, files to import, and what an enrolled
device or a stranger says. Made up, or of the example organisation.  usage: text_corpus.py ROOT CORPUS"""
import glob
import json
import os
import struct
import sys

ROOT, CORPUS = sys.argv[1:3]
DEVICE_LINES = [
    "today", "show\nHH-5001", "van\n--json", "accept\n3fa2\n--at\n14:30", "finish\n3fa2\n--outcome\nfixed\n--cause\nwear\n--text\ndone\n--signer\nJ. Hill",
    "use\nHH-1001\n--visit\n3fa2\n--quantity\n2", "kb\nsearch\nboiler\nignition", "edit\nsite\n3fa2\nname=North depot", "enroll\n7Q2M9XK4TZB0H\n--server\n"
    "tcp://127.0.0.1:7400", "sync\n--wait\n60", "note\nHH-5001\ngate\ncode\nchanged", "--help", "kb\n--help", "tody", "read\nM-1\n12.5\n--at\n-2h", "outbox\n--lang\nzh",
]
OFFICE_LINES = [
    "init\n--name\nHarbour & Hill Service", "serve\n--listen\ntcp://127.0.0.1:0", "import\na.csv\n--apply", "list\nwork_order\n--limit\n20", "visit\nbook\nHH-5001\n"
    "Ada Brannock\n--start\n2026-11-21T08:00\n--dispatch", "device\ninvite\nAda Brannock", "device\nrevoke\n3fa2\n--stolen", "issue\nresolve\n3fa2\n--choice\nkeep", "order\n"
    "close\nHH-5001", "territory\ngrant\nAda Brannock\nNorth\n--until\n2026-12-01", "visit\n--help", "verify\n--json", "issu\nresolve",
]
TIMES = ["now", "2026-11-21", "2026-11-21T14:30", "2026-11-21 14:30:05.250", "2026-11-21T14:30+01:00", "14:30", "yesterday 8:00", "tomorrow 14:30", "-10m", "+2h", "-3d"]
NUMBERS = ["12", "-0.5", "12,50", "0.000000001", "1000000000000000"]
ZONES = ["UTC", "+08:00", "CST-8", "Europe/Berlin", "<+08>-8", "-0330"]
ADDRESSES = ["tcp://127.0.0.1:7400", "ipc:///run/truckroll", "tls+tcp://127.0.0.1:1"]
ROUTES = ["tcp://a:7450,https://b:7480", "tcp://[::1]:7450, ipc:///run/t", "http://h,http://h,http://h,http://h,http://h"]
HTTP = ["https://[2001:db8::1]:7480/sync", "http://h:1", "https://h;pin=sha256//" + "A" * 43 + "=", "https://h:0", "http://h;pin=sha256//A"]
VALUES = ["2026-11-21T14:30:05.250Z", "12", "true", "no", "0123456789abcdef0123456789abcdef", "break_fix", "assigned", "Z\u00fcrich", "-7"]
QUESTIONS = ["pump", "hydr", "relay clicks", "\"pump", "NEAR(pump, 2)", "title:pump*", "f\u00fchler AND (", "a b c d e f g h i j k l m n o p q r"]
CONFIG = "# settings\nlisten = tcp://0.0.0.0:7400\nname = Harbour & Hill # the office\nlimit = 12\nport=7400\n"


def write(target, name, data):
    folder = os.path.join(CORPUS, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def write_all(target, inputs, before=b""):
    for number, text in enumerate(inputs):
        write(target, f"{before.hex() or 'text'}_{number:02}", before + text.encode())


def piece(what, data):
    return bytes([what]) + struct.pack("<H", len(data)) + data


def read(path):
    with open(path, "rb") as file:
        return file.read()


def said(frame):
    return struct.pack(">Q", len(frame)) + frame


def speeches():
    """What one says to a listener: name and bytes."""
    greeting, number, hop = b"\0SP\0\0\x30\0\0", b"\x80\0\0\1", b"\0\0\0\7"
    good = said(number + b"a request")
    yield "good", b"\0" + greeting + good
    yield "greeted", b"\1" + greeting + good
    yield "two", b"\2" + greeting + good + said(hop * 3 + number + b"through three others")
    yield "forgotten", b"\3" + greeting + good * 5
    yield "hops", b"\0" + greeting + said(hop * 7 + number) + said(hop * 8 + number) + good
    yield "no_number", b"\0" + greeting + good + said(hop * 2 + b"abc") + good
    yield "empty", b"\0" + greeting + said(b"")
    yield "huge", b"\0" + greeting + b"\xff" * 8 + number
    yield "just_too_large", b"\0" + greeting + struct.pack(">Q", 80 * 1024 + 1) + number
    yield "cut", b"\0" + greeting + good[:-3]
    yield "other_protocol", b"\0" + greeting[:5] + b"\x31\0\0" + good
    yield "not_sp", b"\0GET / HTTP/1.1\r\n\r\n"


def main():
    write_all("device_line", DEVICE_LINES)
    write_all("office_line", OFFICE_LINES)
    write_all("kb_search", QUESTIONS)
    for which, texts in enumerate((TIMES, NUMBERS, ZONES, ADDRESSES, ROUTES, HTTP, ["en", "zh"])):
        write_all("typed_text", texts, bytes([which, 132]))
    for number, value in enumerate(VALUES):
        for kind in (1, 5, 9):
            write("field_text", f"value_{number}_{kind}", bytes([kind, number]) + value.encode())
    write("field_text", "id", b"\0\0" + VALUES[4].encode())
    write("config", "settings", CONFIG)
    request = {"words": ["show", "HH-5001"], "working_dir": "/srv", "language": "zh", "zone": "CST-8", "now_ms": 1767600000000, "width": 80}
    write("control", "request", b"\0" + json.dumps(request).encode())
    write("control", "reply", b"\1" + json.dumps({"exit_code": 5, "out": "saved\n", "err": ""}).encode())
    write("program_files", "note", b"\4epoch " + b"0" * 31 + b"1 commit 0000000000000000012 check " + b"0" * 32 + b"\n")
    write("program_files", "traffic", b"\6day = 20000\nmetered_bytes = 5\nunmetered_rate_bytes = 4096\nunmetered_rate_ms = 3\n")
    write("program_files", "settings", b"\7metered = yes\nmetered_bytes_a_day = 20000000\n")
    write("program_files", "standing", b"\x08\1\7" + bytes(15 + 16 + 8 + 32 + 16 + 8 + 8))
    write("program_files", "backup", b"\x09form = 1\norganisation = " + b"0" * 32 + b"\nsignature = " + b"0" * 128 + b"\n")
    write("program_files", "device", b"\0url = tcp://127.0.0.1:1\nkey_number = 1\nbench = 0\ndevice = " + b"0" * 32 + b"\n")
    for path in sorted(glob.glob(os.path.join(ROOT, "example", "*.csv"))):
        write("import", os.path.basename(path), b"".join(read(path).splitlines(True)[:4]))
    for number, path in enumerate(sorted(glob.glob(os.path.join(CORPUS, "operation", "*")))[:12]):
        write("frame", f"operation_{number:02}", b"\0" + piece(2, read(path)) + piece(3, read(path)))
    for name in ("small", "batch_and_page"):
        message = read(os.path.join(CORPUS, "sections", name))
        write("frame", name, b"\0" + piece(0, message))
        write("frame", name + "_answer", b"\1" + piece(0, message)[1:] + piece(0, message[:60])[1:])
    write("core", "a_day", bytes([7, 2, 0, 2, 1, 1, 20, 3, 0, 12, 9, 1, 30, 8, 0, 1, 31, 7, 1, 2, 0, 1, 31, 13, 5, 1, 31]))
    write("core", "copy_and_restore", bytes([9, 10, 0, 2, 0, 1, 31, 2, 0, 11, 0, 1, 31, 9, 12, 3, 0, 1, 31, 14, 1, 2, 0, 15, 1]))
    for name, said in speeches():
        write("listener", name, said)
    for which, name in enumerate(("server", "replica")):
        write("old_store", name, bytes([which]))
        write("old_store", name + "_head", bytes([which, 18, 0, 0, 9, 100, 0, 0, 13, 0, 16, 0, 2]))
        write("old_store", name + "_version", bytes([which, 63, 0, 0, 3]))
    for which, name in enumerate(("server", "outbox", "replica")):
        write("store", name, bytes([which]))
        write("store", name + "_head", bytes([which, 18, 0, 0, 9, 100, 0, 0, 13, 0, 16, 0, 2]))


if __name__ == "__main__":
    main()
