"""Cuts that are large, and a device on which they take long."""
import csv
import time

from equal import insist_on_equality
from harness import with_a_job
from oracle import Told, write_note
from tap import size, until

ROWS = size(9000, 12000, 60000)  # more than two pages: what a thread takes in


def import_parts(server, count=ROWS):
    path = server.world.dir / "parts.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["record=part", "key", "number", "description"])
        for number in range(count):
            rows.writerow(["", f"large-{number}", f"L-{number}", f"gasket {number * 7919 % count}"])
    server.run("import", "--apply", path)


def is_in_step(device):
    link = device.run("link")
    return link.get("synced") and device.run("outbox")["operations"] == []


class SlowCut:
    """A device whose large cut, once all rows are there, takes so long that what is done meanwhile is done meanwhile."""

    def __init__(self, world, ms, made=None, rows=ROWS):
        self.server, self.device = made or with_a_job(world)
        import_parts(self.server, rows)
        self.environment = world.environment
        self.environment["TRUCKROLL_CUT_MS"] = str(ms)
        self.device.program = "truckroll_buggy"  # with no bug
        self.ms, self.rows, self.told = ms, rows, Told()

    def reach(self, before=()):
        self.device.start_agent(before=before)
        until(lambda: self.device.run("link").get("rows_received", 0) >= self.rows, "the rows are there", 120)
        time.sleep(0.2)

    def save(self, times=1):
        begun = time.monotonic()
        for _ in range(times):
            assert self.told.texts[write_note(self.device, self.told)]
        assert time.monotonic() - begun < self.ms / 1000, "it waited for the cut"

    def judge(self):
        insist_on_equality(self.server, self.device)
        self.told.judge(self.server)
