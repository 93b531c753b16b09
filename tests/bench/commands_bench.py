"""Commands of the device on a filled replica without a network, beside a bare SQLite statement in a new process."""
import glob
import os
import shutil
import statistics
import subprocess
import sys
import time

import workload
from programs import Programs, Server, run, run_json

TECHNICIAN = "Ada Brannock"

READS = [
    ("today",), ("show", "{order}"), ("show", "{record}", "--kind", "bench_order"), ("van",), ("kb", "list"), ("kb", "search", "boiler", "ignition"),
    ("outbox",), ("issues",), ("status",),
]
# In the order in which a visit goes; {visit} is another one in each round.
WRITES = [
    ("accept", "{visit}"), ("travel", "{visit}"), ("arrive", "{visit}"), ("pause", "{visit}", "--reason", "waiting for access"),
    ("resume", "{visit}"), ("use", "HH-1001", "--visit", "{visit}"), ("return", "HH-1001", "--visit", "{visit}"),
    ("note", "{order}", "gate code has changed"),
    ("edit", "bench_order", "{record}", "state=round_{round}", "technician=T-{round}"),
    ("finish", "{visit}", "--outcome", "fixed", "--cause", "wear", "--action", "replaced", "--text", "done", "--signer", "J. Hill"),
]


def timed(words):
    started = time.monotonic()
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    seconds = time.monotonic() - started
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return seconds * 1000


def count_syncs(words, folder):
    """How often a command waits for the disk; None without strace."""
    if not shutil.which("strace"):
        return None
    trace = os.path.join(folder, "syncs")
    done = subprocess.run(["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", trace, *words], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        return None
    with open(trace, encoding="ascii", errors="replace") as file:
        return sum("sync" in line for line in file)


class Bench:
    def __init__(self, build, folder, quick):
        self.programs = Programs(build)
        self.folder = folder
        self.rounds = 5 if quick else 40
        self.plain_db = os.path.join(folder, "commands.plain.db")
        self.rows = []

    def prepare(self):
        """The example organisation and 20,000 further records on one device; each round of writes has a visit of its own."""
        print("commands: preparing a filled device", file=sys.stderr, flush=True)
        ids = workload.write_records(self.folder, 20000)
        self.record = ids[0]
        run_json(self.programs.plain, "insert", self.plain_db, os.path.join(self.folder, "records.tsv"))
        server_folder = os.path.join(self.folder, "commands.server")
        self.device = os.path.join(self.folder, "commands.device")
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        files = sorted(glob.glob(os.path.join(root, "example", "*.csv"))) + [os.path.join(self.folder, "records.csv")]
        run(self.programs.server, "init", server_folder, "--bench", "--name", "Harbour & Hill Service")
        run(self.programs.server, "import", *files, "--apply", "--dir", server_folder)
        with Server(self.programs, server_folder) as server:
            orders = [order for order in server.ask("list", "work_order", "--limit", "1000")["records"] if order["number"].startswith("HH-5")]
            self.order = orders[0]["number"]
            self.visits = [self.book(server, orders[i % len(orders)]["number"], i) for i in range(self.rounds + 2)]
            server.enroll(self.device, TECHNICIAN)
            run(self.programs.device, "sync", "--wait", "60", "--dir", self.device)

    @staticmethod
    def book(server, order, number):
        start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600 * (1 + number)))
        return server.ask("visit", "book", order, TECHNICIAN, "--start", start, "--dispatch")["visit"]

    def words(self, command, round_number):
        values = {"visit": self.visits[round_number % len(self.visits)], "order": self.order, "record": self.record, "round": round_number + 10}
        return [self.programs.device, *(word.format(**values) for word in command), "--dir", self.device, "--json"]

    def measure_group(self, commands, plain_words, plain_name):
        times = {command: [] for command in commands}
        plain = []
        for i in range(self.rounds):
            plain.append(timed(plain_words))
            for command in commands:
                times[command].append(timed(self.words(command, i)))
        syncs = {command: count_syncs(self.words(command, self.rounds), self.folder) for command in commands}
        floor = statistics.median(plain)
        self.add(plain_name, "plain", plain, floor, count_syncs(plain_words, self.folder))
        for command in commands:
            name = " ".join(word for word in command[:2] if word.isalpha() and word in ("kb", "list", "search") or word == command[0])
            self.add(name + (" record" if "bench_order" in command else ""), "truckroll", times[command], floor, syncs[command])

    def add(self, case, who, times, floor, syncs):
        row = {"bench": "commands", "case": case, "who": who, "runs": len(times), "median_ms": round(statistics.median(times), 3),
               "p99_ms": round(sorted(times)[min(len(times) - 1, len(times) * 99 // 100)], 3),
               "ratio": round(statistics.median(times) / floor, 2)}
        if syncs is not None:
            row["fsyncs"] = syncs
            row["note"] = f"{syncs} fsync"
        self.rows.append(row)


def measure(build, folder, quick):
    bench = Bench(build, folder, quick)
    bench.prepare()
    bench.measure_group(READS, [bench.programs.plain, "select", bench.plain_db, bench.record], "select")
    bench.measure_group(WRITES, [bench.programs.plain, "commits", bench.plain_db, "1"], "insert")
    return bench.rows
