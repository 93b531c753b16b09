"""Commands of the device and of the office on filled stores, each in a process of its own, beside a bare SQLite statement in a new process."""
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import workload
from programs import Programs, Server, run, run_json

TECHNICIAN, COLLEAGUE = "Ada Brannock", "Tomas Hale"
RECORDS = 20000
# Waits for the disk: of a log's header when a new process is the first to write into it, and of the commit itself.
SYNCS_MAX = 2
COUNTING = 3 # rounds in which waits are counted

# A row: the case, its words, and the name that the id in the answer is kept under for the rows after it: of the operation, or of what it is about.
# {visit}, {given_back} and {left} are others in each round. A case that ends in "left" is only on the way to another and not shown.
DEVICE_READS = [
    ("today", "today"), ("show", "show {order}"), ("show record", "show {record} --kind bench_order"), ("van", "van"), ("kb list", "kb list"),
    ("kb show", "kb show HH-KB-022"), ("kb search", "kb search boiler ignition"), ("outbox", "outbox"), ("issues", "issues"), ("status", "status"),
    ("doctor", "doctor"), ("task list", "task --visit {visit}"), ("file list", "file list"), ("server", "server"), ("config", "config"),
    ("bundle list", "bundle list"), ("bundle export", "bundle export {folder}/bundle"), ("flight list", "flight list"), ("flight show", "flight show 1"),
]
# In the order in which a day goes.
DEVICE_WRITES = [
    ("decline", "decline {given_back} --reason ill"),
    ("accept left", "accept {left}"), ("travel left", "travel {left}"), ("arrive left", "arrive {left}"), ("abort", "abort {left} --reason locked"),
    ("accept", "accept {visit}"), ("delay", "delay {later} --visit {visit}"), ("travel", "travel {visit}"), ("arrive", "arrive {visit}"),
    ("pause", "pause {visit} --reason access"), ("resume", "resume {visit}"), ("use", "use HH-1001 --visit {visit}"), ("return", "return HH-1001 --visit {visit}"),
    ("task", "task {task} 2 --visit {visit}"), ("read", "read {meter} {reading} --visit {visit}"),
    ("photo", "photo {photo} --caption seal --visit {visit}", "operation"), ("file get", "file get {operation} --out {folder}/photo-{round}"),
    ("time", "time admin -20m -10m --text called --visit {visit}"),
    ("sign", "sign Hill --visit {visit}"), ("note", "note {order} gate code has changed", "operation"), ("trace", "trace {operation}"),
    ("edit", "edit asset {asset} name=Pump-{round}"), ("edit record", "edit bench_order {record} state=round_{round} technician=T-{round}"),
    ("create", "create service_request text=leaks-{round} site_id={site}"),
    ("finish", "finish {visit} --outcome partial --cause wear --action replaced --text done --signer Hill"),
    ("reopen", "reopen {visit} --reason again"),
]
OFFICE_READS = [
    ("list", "list work_order --limit 50"), ("show", "show work_order {order}"), ("show record", "show bench_order {record}"), ("visit list", "visit list"),
    ("device list", "device list"), ("issues", "issues"), ("incidents", "incidents"), ("outcomes", "outcomes --limit 20"), ("trace", "trace {operation}"),
    ("kb list", "kb list --limit 10"), ("kb show", "kb show HH-KB-022"), ("status", "status"), ("metrics", "metrics"), ("file list", "file list"),
    ("parked list", "parked list"), ("flight list", "flight list"),
]
OFFICE_WRITES = [
    ("create", "create work_order title=Bench-{round} territory_id=North site_id={site}", "made"), ("edit", "edit work_order {made} priority=1"),
    ("contact add", "contact add {account} Person-{round}"), ("meter add", "meter add {asset} hours-{round} --unit h"),
    ("site access", "site access {site} gate-{round} --code 4711"), ("territory grant", "territory grant {technician} Coast"),
    ("task add", "task add {made} pressure --min 1 --max 2 --unit bar"), ("note", "note {made} gate code has changed"),
    ("order hold", "order hold {made} parts --text soon"), ("order release", "order release {made}"),
    ("visit propose", "visit propose {made} {technician} --start {start}", "proposed"),
    ("visit reschedule", "visit reschedule {proposed} --start {later}"), ("visit book", "visit book {made} {technician} --start {later}", "booked"),
    ("visit dispatch", "visit dispatch {booked}"), ("visit delay", "visit delay {booked} {later}"), ("visit assign", "visit assign {booked} {colleague}"),
    ("visit cancel", "visit cancel {proposed} --reason moved"), ("order cancel", "order cancel {made} --reason sold"),
    ("order reopen", "order reopen {closed} --reason again"), ("order close", "order close {closed}"),
    ("device invite", "device invite --technician {technician}"), ("file add", "file add work_order {order} {photo}", "operation"),
    ("file get", "file get {operation} --out {folder}/office-{round}"),
]


def timed(words):
    """(milliseconds, what was said)"""
    started = time.monotonic()
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    seconds = time.monotonic() - started
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return seconds * 1000, done.stdout


class SyncCounter:
    """How often a program waits for the disk. The program keeps its own process, and strace looks on."""

    def __init__(self, folder):
        self.trace = os.path.join(folder, "syncs")
        self.before = ["strace", "-D", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", self.trace] if shutil.which("strace") else []
        self.seen = 0

    def since(self):
        """Those since the last call; None without strace."""
        if not self.before:
            return None
        with open(self.trace, encoding="ascii", errors="replace") as file:
            lines = sum("sync(" in line or "sync_file_range(" in line for line in file)
        self.seen, fresh = lines, lines - self.seen
        return fresh


def count_syncs(words, folder):
    """(how often a command waits for the disk, what was said)"""
    counter = SyncCounter(folder)
    if counter.before:
        open(counter.trace, "w", encoding="ascii").close()
    said = timed([*counter.before, *words])[1]
    return counter.since(), said


def moment(hours):
    """So many hours from now."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600 * hours))


class Place:
    """A store, its program, and what its rows call by a name: one set of values for each round."""

    def __init__(self, who, program, folder, values):
        self.who, self.program, self.folder, self.values = who, program, folder, values

    def words(self, row, number):
        return [self.program, *(word.format(**self.values[number], round=number + 10) for word in row[1].split(" ")), "--dir", self.folder, "--json"]

    def keep(self, row, number, said):
        if len(row) > 2:
            answer = json.loads(said)
            self.values[number][row[2]] = answer.get(row[2]) or answer.get("visit") or answer.get("id") or answer["operation"]


class Bench:
    def __init__(self, build, folder, quick):
        self.programs = Programs(build)
        self.folder = folder
        self.rounds = 5 if quick else 40
        self.plain_db = os.path.join(folder, "commands.plain.db")
        self.rows = []

    def prepare(self):
        """The example organisation and further records; each round of a device's writes has visits of its own."""
        print("commands: preparing a filled device and a filled office", file=sys.stderr, flush=True)
        self.record = workload.write_records(self.folder, RECORDS)[0]
        run_json(self.programs.plain, "insert", self.plain_db, os.path.join(self.folder, "records.tsv"))
        self.office = os.path.join(self.folder, "commands.server")
        self.device = os.path.join(self.folder, "commands.device")
        self.photo = os.path.join(self.folder, "photo.jpg")
        with open(self.photo, "wb") as file:
            file.write(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(60000))
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        files = sorted(glob.glob(os.path.join(root, "example", "*.csv"))) + [os.path.join(self.folder, "records.csv")]
        run(self.programs.server, "init", self.office, "--bench", "--name", "Harbour & Hill Service")
        run(self.programs.server, "import", *files, "--apply", "--dir", self.office)
        with Server(self.programs, self.office) as server:
            self.plan(server)
            server.enroll(self.device, TECHNICIAN)
            run(self.programs.device, "sync", "--wait", "60", "--dir", self.device)

    def plan(self, server):
        """What the rows are about: all of one customer of the technician's own territory."""
        rows = {kind: server.ask("list", kind, "--limit", "1000")["records"] for kind in ("work_order", "asset", "technician", "account", "site", "meter")}
        technicians = {row["name"]: row["id"] for row in rows["technician"]}
        order = next(row for row in rows["work_order"] if row["number"].startswith("HH-5"))
        meter = rows["meter"][0]
        self.common = {
            "technician": technicians[TECHNICIAN], "colleague": technicians[COLLEAGUE], "record": self.record, "photo": self.photo, "folder": self.folder,
            "order": order["number"], "asset": meter["asset_id"], "meter": meter["id"], "site": rows["site"][0]["id"],
            "account": rows["account"][0]["id"], "closed": next(row["number"] for row in rows["work_order"] if row["state"] == "closed"),
            "operation": server.ask("note", order["number"], "first")["operation"]}
        self.days = [self.day(server, order["number"], number) for number in range(self.rounds + COUNTING)]

    @staticmethod
    def day(server, order, number):
        """What a round of the device's writes needs."""
        def book():
            return server.ask("visit", "book", order, TECHNICIAN, "--start", moment(1 + number), "--dispatch")["visit"]
        task = server.ask("task", "add", order, f"pressure {number}", "--min", "1", "--max", "2", "--unit", "bar")["id"]
        return {"visit": book(), "given_back": book(), "left": book(), "task": task, "reading": 100000 + number, "later": moment(2 + number)}

    def time_rounds(self, place, rows, plain_words):
        """The milliseconds of each row, and of the plain work between them."""
        times, plain = {row: [] for row in rows}, []
        for number in range(self.rounds):
            plain.append(timed(plain_words)[0])
            for row in rows:
                taken, said = timed(place.words(row, number))
                times[row].append(taken)
                place.keep(row, number, said)
        return times, plain

    def count_rounds(self, place, rows, count):
        """The fewest waits for the disk in some rounds: now and then a log is folded, which is nobody's own."""
        syncs = {row: [] for row in rows}
        for number in range(self.rounds, self.rounds + COUNTING):
            for row in rows:
                found, said = count(place.words(row, number))
                syncs[row].append(found)
                place.keep(row, number, said)
        return {row: None if None in found else min(found) for row, found in syncs.items()}

    def measure_device(self, place, rows, plain_words, plain_name):
        times, plain = self.time_rounds(place, rows, plain_words)
        syncs = self.count_rounds(place, rows, lambda words: count_syncs(words, self.folder))
        self.add_group(place, rows, times, plain, syncs, plain_words, plain_name)

    def measure_office(self, place, rows, plain_words, plain_name):
        """The office's commands are answered by the process that serves."""
        with Server(self.programs, self.office):
            times, plain = self.time_rounds(place, rows, plain_words)
        counter = SyncCounter(self.folder)
        with Server(self.programs, self.office, before=counter.before):
            def count(words):
                counter.since()
                said = timed(words)[1]
                return counter.since(), said
            syncs = self.count_rounds(place, rows, count)
        self.add_group(place, rows, times, plain, syncs, plain_words, plain_name)

    def add_group(self, place, rows, times, plain, syncs, plain_words, plain_name):
        floor = statistics.median(plain)
        self.add(plain_name, "plain", plain, floor, count_syncs(plain_words, self.folder)[0])
        for row in rows:
            if not row[0].endswith(" left"):
                self.add(row[0], place.who, times[row], floor, syncs[row])

    def measure_start(self):
        """Cold start: what a command costs before it does anything."""
        for program, who in ((self.programs.device, "device"), (self.programs.server, "office")):
            times = [timed([program, "--version"])[0] for _ in range(self.rounds)]
            self.add("start", who, times, statistics.median(times), None)

    def add(self, case, who, times, floor, syncs):
        row = {"bench": "commands", "case": case, "who": who, "runs": len(times), "median_ms": round(statistics.median(times), 3),
               "p99_ms": round(sorted(times)[min(len(times) - 1, len(times) * 99 // 100)], 3),
               "ratio": round(statistics.median(times) / floor, 2)}
        if syncs is not None:
            row["fsyncs"] = syncs
            row["note"] = f"{syncs} fsync" + (f", more than {SYNCS_MAX}" if syncs > SYNCS_MAX else "")
        self.rows.append(row)

    def measure(self):
        select = [self.programs.plain, "select", self.plain_db, self.record]
        insert = [self.programs.plain, "commit", self.plain_db, "x" * 300]
        device = Place("device", self.programs.device, self.device, [dict(self.common, **day) for day in self.days])
        office = Place("office", self.programs.server, self.office,
                       [dict(self.common, start=moment(100 + number), later=moment(200 + number)) for number in range(self.rounds + COUNTING)])
        self.measure_start()
        self.measure_device(device, DEVICE_READS, select, "select")
        self.measure_device(device, DEVICE_WRITES, insert, "insert")
        self.measure_office(office, OFFICE_READS, select, "select")
        self.measure_office(office, OFFICE_WRITES, insert, "insert")


def measure(build, folder, quick):
    bench = Bench(build, folder, quick)
    bench.prepare()
    bench.measure()
    return bench.rows
