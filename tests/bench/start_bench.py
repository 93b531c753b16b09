"""How large the programs are, and how long the daemon takes to be there with many operations in its store. How long a command takes is in commands."""
import os
import shutil
import time

from fleet import Fleet, make_organisation
from programs import Programs, Server, run
from sync_bench import median, percentile, say

DEVICES, EDITS = 500, 100
STARTS = 9


def stripped_size(program, folder):
    """Bytes of the program as a package holds it."""
    copy = shutil.copy(program, os.path.join(folder, os.path.basename(program)))
    run("strip", copy)
    return os.path.getsize(copy)


def files_of(folder):
    return [entry.path for entry in os.scandir(folder) if entry.is_file()]


def folder_size(folder):
    return sum(map(os.path.getsize, files_of(folder)))


def forget(folder):
    """What the system keeps of these files in memory goes."""
    os.sync()
    for path in files_of(folder):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def time_server(programs, folder):
    """From its start until it has said where it listens."""
    started = time.monotonic()
    with Server(programs, folder):
        return time.monotonic() - started


def fill(programs, folder, rounds):
    """A store with DEVICES * EDITS * rounds operations of devices; how many the server counts with those of the office."""
    make_organisation(programs, folder, DEVICES, DEVICES, EDITS)
    run(programs.enlist, folder, str(DEVICES), folder + ".fleet")
    with Server(programs, folder) as server, Fleet(programs, server.port, folder + ".fleet") as fleet:
        fleet.ask("go", 200)
        fleet.reach("synced", 600)
        for done in range(rounds):
            fleet.ask("leave")
            fleet.ask("edit", EDITS)
            fleet.ask("go")
            fleet.reach("synced", 600)
            say(f"start: {(done + 1) * DEVICES * EDITS} operations")
        return server.ask("status")["operations"]


class StartBench:
    """One run of all cases."""

    def __init__(self, build, folder, quick):
        self.programs = Programs(build)
        self.folder, self.quick = folder, quick
        self.rows = []

    def add(self, case, variant, **values):
        self.rows.append({"bench": "start", "case": case, "variant": variant, "who": "truckroll", **values})

    def sizes(self):
        for variant, program in (("truckroll", self.programs.device), ("truckrolld", self.programs.server)):
            size = stripped_size(program, self.folder)
            self.add("size", variant, bytes=size, note=f"{size / 1e6:.2f} MB stripped")

    def daemon(self):
        store = os.path.join(self.folder, "server")
        operations = fill(self.programs, store, 2 if self.quick else 20)
        for variant, prepare in (("warm", lambda: None), ("cold", lambda: forget(store))):
            times = []
            for _ in range(STARTS):
                prepare()
                times.append(time_server(self.programs, store))
            self.add("daemon", variant, median_ms=round(median(times) * 1000, 3), p99_ms=round(percentile(times, 99) * 1000, 3), runs=STARTS,
                     records=operations, note=f"{operations} operations, {folder_size(store) / 1e6:.0f} MB")


def measure(build, folder, quick):
    bench = StartBench(build, folder, quick)
    bench.sizes()
    bench.daemon()
    return bench.rows
