"""Sync: W1, W1b, W2, W3, W5 and W6 of the public workload."""
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

import workload
from programs import Agent, CountingProxy, Programs, Server, copy_tree, run, run_json, run_measured


def say(text):
    print(text, file=sys.stderr, flush=True)


def median(values):
    return statistics.median(values)


def stored(path):
    """Bytes of a database, with what its log holds yet."""
    return sum(os.path.getsize(path + ending) for ending in ("", "-wal") if os.path.exists(path + ending))


def framing(rounds):
    """What the carrier adds to the messages it counts: 12 bytes a message, and the greetings of one connection."""
    return 24 * rounds + 16


class Bench:
    """One run of all sync cases; every case starts from copies of prepared directories."""

    def __init__(self, build, folder, quick):
        self.programs = Programs(build)
        self.folder = folder
        self.runs = 1 if quick else 3
        self.quick = quick
        self.rows = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def add(self, case, who, **values):
        row = {"bench": "sync", "case": case, "who": who}
        row.update({key: round(value, 4) if isinstance(value, float) else value for key, value in values.items()})
        self.rows.append(row)

    # ---- preparation ----

    def prepare(self):
        say("preparing the workload")
        self.ids = workload.write_records(self.folder, 20000 if self.quick else 100000)
        self.edit_count = workload.write_edits(self.folder, self.ids)
        server = self.path("server.base")
        run(self.programs.server, "init", server, "--bench", "--name", "Harbour & Hill Service")
        for words in (["territory", "name=North"], ["technician", "name=Ada North", "territory_id=North"]):
            run(self.programs.server, "create", *words, "--dir", server)
        run(self.programs.server, "import", self.path("records.csv"), "--apply", "--dir", server)

    def sync(self, server, name):
        """truckroll sync from its start to its exit: nothing is missing on either side then."""
        before = server.cpu_seconds()
        answer, seconds, cpu, peak = run_measured(self.programs.device, "sync", "--wait", "60", "--dir", self.path(name), "--json")
        sent, received, rounds = answer["bytes_sent"], answer["bytes_received"], answer["rounds"]
        return {"seconds": seconds, "cpu_s": cpu, "rss_mb": peak, "rounds": rounds, "bytes": sent + received + framing(rounds),
                "cpu_server_s": server.cpu_seconds() - before, "rss_server_mb": server.peak_mb()}

    # ---- W1, W1b ----

    def measure_plain(self, verb, name, file):
        return run_json(self.programs.plain, verb, self.path(name), self.path(file))

    def first_syncs(self):
        """W1 and W1b; leaves server.filled and device.filled, both closed."""
        plain, first, next_ = [], [], []
        for i in range(self.runs):
            say(f"W1, W1b: run {i + 1} of {self.runs}")
            shutil.rmtree(self.path("device.filled"), ignore_errors=True)
            shutil.rmtree(self.path("device.filled.keys"), ignore_errors=True)
            plain.append(self.measure_plain("insert", f"plain{i}.db", "records.tsv"))
            copy_tree(self.path("server.base"), self.path("server.filled"))
            with Server(self.programs, self.path("server.filled")) as server:
                for results, name in ((first, "device.filled"), (next_, f"device.next{i}")):
                    server.enroll(self.path(name))
                    results.append(self.sync(server, name))
                self.port = server.port
        count = len(self.ids)
        seconds = median([result["seconds"] for result in plain])
        self.add("W1", "plain", records=count, seconds=seconds, per_s=count / seconds, ratio=1.0, runs=self.runs,
                 note="insert, one transaction")
        space = stored(os.path.join(self.path("device.filled"), "replica.db")) / stored(self.path("plain0.db"))
        self.add_transfer("W1", first, count, seconds, storage_ratio=space, note=f"the replica takes {space:.2f} of the plain table's space")
        self.add_transfer("W1b", next_, count, seconds)

    def add_transfer(self, case, results, count, plain_seconds, **more):
        seconds = median([result["seconds"] for result in results])
        self.add(case, "truckroll", records=count, seconds=seconds, per_s=count / seconds, ratio=plain_seconds / seconds,
                 bytes_per_item=median([result["bytes"] for result in results]) / count,
                 rss_device_mb=max(result["rss_mb"] for result in results),
                 rss_server_mb=max(result["rss_server_mb"] for result in results),
                 cpu_device_s=median([result["cpu_s"] for result in results]),
                 cpu_server_s=median([result["cpu_server_s"] for result in results]), runs=len(results),
                 rounds=results[-1]["rounds"], **more)

    # ---- W2 ----

    def make_offline_edits(self):
        """Through the real command path; on a memory file system, since making them is not what is timed."""
        memory = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else self.folder)
        try:
            shutil.copytree(self.path("device.filled"), os.path.join(memory, "d"))
            run(self.programs.helper, "edits", os.path.join(memory, "d"), self.path("device.filled.keys"), self.path("edits.tsv"))
            copy_tree(os.path.join(memory, "d"), self.path("device.edited"))
        finally:
            shutil.rmtree(memory, ignore_errors=True)

    def copy_plain(self):
        """Updating the same values again would write nothing."""
        for ending in ("", "-wal", "-shm"):
            target = self.path("plain.edited.db" + ending)
            if os.path.exists(target):
                os.remove(target)
        shutil.copy(self.path("plain0.db"), self.path("plain.edited.db"))
        os.sync()
        return "plain.edited.db"

    def push_edits(self):
        self.make_offline_edits()
        plain, each, pushed = [], [], []
        for i in range(self.runs):
            say(f"W2: run {i + 1} of {self.runs}")
            plain.append(self.measure_plain("update", self.copy_plain(), "edits.tsv"))
            copy_tree(self.path("server.filled"), self.path("server.push"))
            copy_tree(self.path("device.edited"), self.path("device.push"))
            copy_tree(self.path("device.filled.keys"), self.path("device.push.keys"))
            with Server(self.programs, self.path("server.push"), self.port) as server:
                pushed.append(self.sync(server, "device.push"))
            run(self.programs.server, "verify", "--dir", self.path("server.push"))
        each.append(self.measure_plain("update-each", self.copy_plain(), "edits.tsv"))
        count = self.edit_count
        seconds = median([result["seconds"] for result in plain])
        slow = median([result["seconds"] for result in each])
        self.add("W2", "plain", records=count, seconds=seconds, per_s=count / seconds, ratio=1.0, runs=self.runs,
                 note="update, one transaction")
        self.add_transfer("W2", pushed, count, seconds)
        self.add("W2", "plain", variant="each", records=count, seconds=slow, per_s=count / slow, ratio=seconds / slow, runs=1,
                 note="update, a transaction each")

    # ---- W3 ----

    def live_changes(self):
        count = 20 if self.quick else 200
        say(f"W3: {count} changes")
        copy_tree(self.path("server.filled"), self.path("server.live"))
        with Server(self.programs, self.path("server.live"), self.port) as server:
            other = f"device.next{self.runs - 1}"  # of the server's last copy
            names = ["device.filled", other]
            for name in names:
                copy_tree(self.path(name), self.path(name + ".live"))
                copy_tree(self.path(name + ".keys"), self.path(name + ".live.keys"))
            with Agent(self.programs, self.path("device.filled.live")) as author, \
                    Agent(self.programs, self.path(other + ".live"), self.path("cuts")) as reader:
                before = total_bytes(author, reader)
                text = run(self.programs.helper, "live", author.folder, self.path("cuts"), str(count), self.path("edits.tsv"), self.folder)
                after = total_bytes(author, reader)
                rss = server.peak_mb()
        saved, there, least = zip(*([float(cell) for cell in line.split()] for line in text.splitlines()))
        ratio = median([ours / floor for ours, floor in zip(there, least)])
        self.add("W3", "plain", records=count, median_ms=median(least), p99_ms=percentile(least, 99), ratio=1.0, runs=1,
                 note="three processes, three FULL commits; after each change")
        self.add("W3", "truckroll", records=count, median_ms=median(there), p99_ms=percentile(there, 99), ratio=ratio,
                 bytes_per_item=(after - before) / count, rss_server_mb=rss, saved_ms=median(saved), runs=1,
                 note="ratio: times the least, median of all pairs; smaller is better")

    # ---- W6 ----

    def cut(self):
        """The line breaks at a random byte: what passes more than without a cut was sent again, the second handshake included."""
        say("W6")
        if not os.path.exists(self.path("device.edited")):
            self.make_offline_edits()
        cuts, dice = 6 if self.quick else 20, random.Random(6)
        for variant, transfer in (("W1", self.cut_first_sync), ("W2", self.cut_push)):
            whole = transfer(None)
            again = [transfer(dice.randrange(1, whole)) - whole for _ in range(cuts)]
            self.add("W6", "truckroll", variant=variant, records=whole, bytes_per_item=median(again), most_bytes=max(again), runs=cuts,
                     note=f"sent again of {whole} bytes; at most {max(again)}")

    def cut_first_sync(self, after):
        copy_tree(self.path("server.base"), self.path("server.cut"))
        for name in ("device.cut", "device.cut.keys"):
            shutil.rmtree(self.path(name), ignore_errors=True)
        with Server(self.programs, self.path("server.cut")) as server:
            server.enroll(self.path("device.cut"))
            port = server.port
        return self.sync_cut("server.cut", "device.cut", port, after)

    def cut_push(self, after):
        copy_tree(self.path("server.filled"), self.path("server.cut"))
        copy_tree(self.path("device.edited"), self.path("device.cut"))
        copy_tree(self.path("device.filled.keys"), self.path("device.cut.keys"))
        return self.sync_cut("server.cut", "device.cut", self.port, after)

    def sync_cut(self, folder, name, port, after):
        """Bytes that passed until all was exchanged."""
        with Server(self.programs, self.path(folder)) as server:
            proxy = CountingProxy(server.port, port)
            proxy.cut_after = after
            run(self.programs.device, "sync", "--wait", "60", "--dir", self.path(name))
            time.sleep(0.1)
            proxy.close()
        return proxy.bytes

    # ---- W5 ----

    def nothing_to_do(self):
        say("W5")
        copy_tree(self.path("server.filled"), self.path("server.idle"))
        with Server(self.programs, self.path("server.idle")) as server:
            proxy = CountingProxy(server.port, self.port)
            copy_tree(self.path("device.filled"), self.path("device.idle"))
            copy_tree(self.path("device.filled.keys"), self.path("device.idle.keys"))
            self.sync(server, "device.idle")  # what other devices changed since
            cold = []
            for _ in range(3):
                before = proxy.bytes
                result = self.sync(server, "device.idle")
                time.sleep(0.1)
                cold.append((proxy.bytes - before, result["bytes"], result["rounds"], result["seconds"] * 1000))
            with Agent(self.programs, self.path("device.idle")) as agent:
                time.sleep(0.3)
                before, rounds = proxy.bytes, agent.link()["rounds"]
                agent.link("--now")
                time.sleep(0.3)
                live, rounds = proxy.bytes - before, agent.link()["rounds"] - rounds
            proxy.close()
        self.add("W5-cold", "truckroll", bytes_per_item=median([item[0] for item in cold]), rounds=cold[-1][2],
                 median_ms=median([item[3] for item in cold]), runs=len(cold), note=f"counted by a proxy; by the program itself {cold[-1][1]}")
        self.add("W5-live", "truckroll", bytes_per_item=live, rounds=rounds, runs=1, note="asked, answered, and back in the poll")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]


def total_bytes(*agents):
    links = [agent.link() for agent in agents]
    return sum(link["bytes_sent"] + link["bytes_received"] + 24 * link["rounds"] for link in links)


def measure(build, folder, quick, only):
    bench = Bench(build, folder, quick)
    bench.prepare()
    bench.first_syncs()
    for case, run_case in (("W2", bench.push_edits), ("W3", bench.live_changes), ("W5", bench.nothing_to_do), ("W6", bench.cut)):
        if not only or case in only:
            run_case()
    return bench
