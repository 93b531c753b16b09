"""Load on one server: W4 (many devices come back at once), a first sync of many, W7 (many that wait for news) and what an outage leads to."""
import os
import threading
import time

import workload
from fleet import Fleet, make_organisation
from programs import Programs, Server, copy_tree, run, run_json, run_measured
from sync_bench import median, say

EDITS = 100
AWAY_SECONDS = 5


class LoadBench:
    """One run of all load cases."""

    def __init__(self, build, folder, quick):
        self.programs = Programs(build)
        self.folder, self.quick = folder, quick
        self.runs = 1 if quick else 3
        self.rows = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def add(self, case, who, **values):
        row = {"bench": "load", "case": case, "who": who}
        row.update({key: round(value, 4) if isinstance(value, float) else value for key, value in values.items()})
        self.rows.append(row)

    # ---- the plain work ----

    def prepare_plain(self):
        ids = workload.write_records(self.folder, 20000 if self.quick else 100000)
        self.edit_count = workload.write_edits(self.folder, ids)
        self.plain_each = []

    def measure_plain(self):
        """Changes a second of plain SQLite, in one transaction; measured beside each case."""
        name = self.path(f"plain{len(self.plain_each)}.db")
        run_json(self.programs.plain, "insert", name, self.path("records.tsv"))
        self.plain_each.append(run_json(self.programs.plain, "update", name, self.path("edits.tsv"))["seconds"])
        for ending in ("", "-wal", "-shm"):
            if os.path.exists(name + ending):
                os.remove(name + ending)
        return self.edit_count / self.plain_each[-1]

    def add_plain(self, case):
        seconds = median(self.plain_each)
        self.add(case, "plain", records=self.edit_count, seconds=seconds, per_s=self.edit_count / seconds, ratio=1.0, runs=len(self.plain_each),
                 note="update, one transaction")
        self.plain_each = []
        return self.edit_count / seconds

    # ---- W4 ----

    def storm(self, count, before=()):
        """`count` devices, each with EDITS edits made off line, come back to a server at the same moment."""
        with Server(self.programs, self.path("server.storm"), before=before) as server, \
                Fleet(self.programs, server.port, self.path("server.base.fleet")) as fleet:
            fleet.ask("go", 200)
            fleet.reach("synced", 600)
            fleet.ask("leave")
            fleet.ask("edit", EDITS)
            time.sleep(1)  # the server tidies up
            cpu, commits = server.cpu_seconds(), server.ask("status")["commits_since_start"]
            began = time.time()
            fleet.ask("go")
            answer = fleet.reach("synced", 300)
            answer.update(began=began, cpu_server_s=server.cpu_seconds() - cpu, commits=server.ask("status")["commits_since_start"] - commits,
                          rss_server_mb=server.peak_mb(), rss_devices_mb=fleet.peak_mb())
        run(self.programs.server, "verify", "--dir", self.path("server.storm"))
        return answer

    def count_syncs(self, count):
        """How often the server waits for its disk, counted by strace in a run of its own."""
        say(f"W4-{count}: counting")
        copy_tree(self.path("server.base"), self.path("server.storm"))
        log = self.path("syncs")
        began = self.storm(count, before=("strace", "-D", "-f", "-ttt", "-e", "trace=fsync,fdatasync", "-o", log))["began"]
        with open(log, encoding="utf-8", errors="replace") as file:
            calls = [line.split() for line in file if "sync(" in line]
        return sum(float(words[1]) >= began for words in calls)

    def reconnect(self, count):
        case = f"W4-{count}"
        make_organisation(self.programs, self.path("server.base"), count, count, EDITS)
        run(self.programs.enlist, self.path("server.base"), str(count), self.path("server.base.fleet"))
        answers = []
        for i in range(self.runs):
            say(f"{case}: run {i + 1} of {self.runs}")
            copy_tree(self.path("server.base"), self.path("server.storm"))
            self.measure_plain()
            answers.append(self.storm(count))
        self.measure_plain()
        plain = self.add_plain(case)
        seconds = median([answer["seconds"] for answer in answers])
        self.add(case, "truckroll", records=count * EDITS, seconds=seconds, per_s=count * EDITS / seconds, ratio=count * EDITS / seconds / plain,
                 bytes_per_item=median([answer["bytes"] for answer in answers]) / count / EDITS,
                 median_ms=median([answer["p50_ms"] for answer in answers]), p99_ms=median([answer["p99_ms"] for answer in answers]),
                 rss_server_mb=max(answer["rss_server_mb"] for answer in answers), rss_device_mb=answers[-1]["rss_devices_mb"] / count,
                 cpu_server_s=median([answer["cpu_server_s"] for answer in answers]), cpu_device_s=median([answer["cpu_s"] for answer in answers]),
                 commits=answers[-1]["commits"], fsyncs=self.count_syncs(count), runs=self.runs)
        os.rename(self.path("server.base"), self.path(f"server.{case}"))

    # ---- a first sync of many, and W7 ----

    def idle(self, count):
        """Many devices wait for news; then there is some for all of them; then the server is away for a while."""
        make_organisation(self.programs, self.path("server.idle"), 50, 100, 20)
        run(self.programs.enlist, self.path("server.idle"), str(count), self.path("server.idle.fleet"))
        say(f"first sync of {count}")
        server = Server(self.programs, self.path("server.idle"))
        with Fleet(self.programs, server.port, self.path("server.idle.fleet")) as fleet:
            with server:
                server.enroll(self.path("newcomer"), "Technician 0", ())
                self.add_first(server, fleet, count)
                self.add_idle(server, fleet, count)
                fleet.ask("edit", 1)
                fleet.reach("synced", 600)
            say("outage")
            fleet.ask("begin")
            fleet.ask("edit", 1)
            fleet.ask("idle", AWAY_SECONDS)
            self.after_outage(fleet, server.port, count)

    def add_idle(self, server, fleet, count):
        say(f"W7: {count} devices")
        fleet.ask("idle", 2)
        cpu, began = server.cpu_seconds(), time.monotonic()
        fleet.ask("idle", 10 if self.quick else 30)
        idle = (server.cpu_seconds() - cpu) / (time.monotonic() - began)
        waiting, resident = server.ask("status")["waiting_devices"], server.resident_mb()
        told, cpu = self.tell_all(server, fleet)
        self.add("W7", "truckroll", records=count, waiting=waiting, rss_server_mb=resident, idle_cpu_percent=100 * idle,
                 seconds=told["max_ms"] / 1000, median_ms=told["p50_ms"], p99_ms=told["p99_ms"], cpu_server_s=cpu,
                 bytes_per_item=told["bytes"] / count, rss_device_mb=fleet.peak_mb() / count, runs=1, note="seconds: until the last was told")

    def add_first(self, server, fleet, count):
        cpu, commits = server.cpu_seconds(), server.ask("status")["commits_since_start"]
        fleet.ask("go", 200)
        answer = fleet.reach("synced", 1800)
        self.add("first", "truckroll", records=count, seconds=answer["seconds"], per_s=count / answer["seconds"],
                 bytes_per_item=answer["bytes"] / count, median_ms=answer["p50_ms"], p99_ms=answer["p99_ms"], rss_server_mb=server.peak_mb(),
                 rss_device_mb=fleet.peak_mb() / count, cpu_server_s=server.cpu_seconds() - cpu, cpu_device_s=answer["cpu_s"],
                 commits=server.ask("status")["commits_since_start"] - commits, runs=1, note="200 at a time; an item is a device")

    def tell_all(self, server, fleet):
        """One change of the office that everybody is to have."""
        cpu = server.cpu_seconds()
        fleet.ask("begin")
        fleet.tell("told", 120)
        server.ask("create", "territory", "name=Tell")
        answer = fleet.answer()
        if not answer["all"]:
            raise SystemExit(f"bench: only {answer['reached']} of {answer['devices']} were told within 120 s")
        return answer, server.cpu_seconds() - cpu

    # ---- an outage ----

    def after_outage(self, fleet, port, count):
        with Server(self.programs, self.path("server.idle"), port) as server:
            fleet.tell("synced", 600)
            honest = []
            asking = threading.Thread(target=self.ask_honestly, args=(honest,))
            asking.start()
            answer = fleet.answer()
            asking.join()
            if not answer["all"]:
                raise SystemExit(f"bench: only {answer['reached']} of {answer['devices']} came back")
            self.add("outage", "truckroll", records=count, seconds=answer["seconds"], median_ms=median(honest) * 1000, p99_ms=max(honest) * 1000,
                     connections=answer["connections"], lost=answer["lost"], told_to_wait=server.ask("status")["told_to_wait"], rss_server_mb=server.peak_mb(), cpu_server_s=server.cpu_seconds(),
                     runs=1, note="seconds: until all are back; ms: an honest sync meanwhile")
        run(self.programs.server, "verify", "--dir", self.path("server.idle"))

    def ask_honestly(self, times):
        for _ in range(5):
            times.append(run_measured(self.programs.device, "sync", "--wait", "120", "--dir", self.path("newcomer"), "--json")[1])


def measure(build, folder, quick, only, devices):
    bench = LoadBench(build, folder, quick)

    def wanted(*cases):
        return not only or any(case in only for case in cases)
    if wanted("W4-100", "W4-500"):
        bench.prepare_plain()
    for count in (100, 500):
        if wanted(f"W4-{count}"):
            bench.reconnect(count)
    if wanted("W7"):
        bench.idle(devices or (1000 if quick else 10000))
    return bench.rows
