"""A device takes in a million rows: how long readers and commands wait meanwhile."""
import csv
import json
import os
import subprocess
import sys
import time

from programs import Programs, Server, run, run_json


def say(text):
    print(text, file=sys.stderr, flush=True)


def write_rows(path, first, count):
    """Narrow records: an id, a title and a state."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["record=bench_order", "key", "title", "state"])
        for number in range(first, first + count):
            writer.writerow(["", record_id(number), f"Row {number}", "new"])


def record_id(number):
    """Spread over all ids, as those of devices are."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:016x}"


class Watched:
    """Both loops on one device, from the start of its agent until everything is there."""

    def __init__(self, programs, folder, record):
        self.programs, self.folder, self.stop_file = programs, folder, folder + ".stop"
        self.record = record
        self.log = open(folder + ".log", "w", encoding="utf-8")

    def loop(self, verb, *more):
        return subprocess.Popen([self.programs.helper, verb, self.folder, self.record, self.stop_file, *more], stdout=subprocess.PIPE, text=True)

    def end(self, *loops):
        with open(self.stop_file, "w", encoding="ascii"):
            pass
        answers = [json.loads(line) for loop in loops for line in loop.communicate(timeout=300)[0].splitlines()]
        os.remove(self.stop_file)
        return answers

    def wait(self, agent, ready):
        while not ready():
            if agent.poll() is not None:
                raise SystemExit(f"bench: the agent ended, see {self.log.name}")
            time.sleep(0.05)

    def link(self):
        return run_json(self.programs.device, "link", "--dir", self.folder, "--json")

    def take_in(self):
        """Seconds, and what readers, savers and plain commits saw."""
        started = time.monotonic()
        agent = subprocess.Popen([self.programs.device, "agent", "--dir", self.folder], stdout=self.log, stderr=self.log)
        try:
            self.wait(agent, lambda: os.path.exists(os.path.join(self.folder, "sock")))
            loops = [self.loop("readers"), self.loop("saves", os.path.dirname(self.folder))]
            self.wait(agent, lambda: self.link()["synced"])
            seconds = time.monotonic() - started
            time.sleep(0.5)
            return (seconds, *self.end(*loops))
        finally:
            agent.terminate()
            agent.wait(300)

    def rest(self):
        """What readers see when nothing happens: what the machine does to them anyway."""
        loop = self.loop("readers")
        time.sleep(3)
        return self.end(loop)[0]


def measure(build, folder, quick):
    programs = Programs(build)
    count = 100000 if quick else 1000000
    server_folder = os.path.join(folder, "server")
    say(f"preparing {count} records")
    run(programs.server, "init", server_folder, "--bench", "--name", "Harbour & Hill Service")
    for words in (["territory", "name=North"], ["technician", "name=Ada North", "territory_id=North"]):
        run(programs.server, "create", *words, "--dir", server_folder)
    write_rows(os.path.join(folder, "one.csv"), 1, 1)
    write_rows(os.path.join(folder, "many.csv"), 2, count)
    run(programs.server, "import", os.path.join(folder, "one.csv"), "--apply", "--dir", server_folder)
    cut, first = os.path.join(folder, "device.cut"), os.path.join(folder, "device.first")
    with Server(programs, server_folder) as server:
        server.enroll(cut)
        run(programs.device, "sync", "--wait", "60", "--dir", cut)
        server.enroll(first)
        port = server.port
    run(programs.server, "import", os.path.join(folder, "many.csv"), "--apply", "--dir", server_folder)
    rows = []
    with Server(programs, server_folder, port):
        for variant, device in (("cut", cut), ("first", first)):
            say(f"a {variant} of {count} rows")
            watched = Watched(programs, device, record_id(1))
            seconds, readers, saves, plain = watched.take_in()
            rest = watched.rest()
            rows.append({"bench": "cut", "case": "cut", "variant": variant, "who": "truckroll", "records": count, "seconds": round(seconds, 3),
                         "per_s": round(count / seconds), "reader_longest_ms": readers["longest_ms"], "reader_rest_ms": rest["longest_ms"],
                         "reads": readers["count"], "save_longest_ms": saves["longest_ms"], "save_mean_ms": saves["mean_ms"],
                         "saves": saves["count"], "refused": saves["refused"], "commit_longest_ms": plain["longest_ms"], "commit_mean_ms": plain["mean_ms"],
                         "note": f"reader at most {readers['longest_ms']:.0f} ms (at rest {rest['longest_ms']:.0f}), "
                                 f"a command at most {saves['longest_ms']:.0f} ms of {saves['count']}, {saves['refused']} refused; "
                                 f"a plain commit meanwhile at most {plain['longest_ms']:.0f}"})
    return rows
