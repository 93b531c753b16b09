#!/usr/bin/env python3
"""Weeks of work in a row: neither the server nor an agent grows by what it has done before, and nothing is left lying about."""
import os
import pathlib

import tap
from equal import insist_on_equality
from harness import SANITIZED, Device, Server, World
from tap import promise, size, tell, until

ADA = "Ada Brannock"
GROWTH_KB = 2048  # over the second half, beyond what the store grew by, which may lie in its cache


class Process:
    """What one that runs on holds."""

    def __init__(self, name, process, store):
        self.name, self.folder, self.store = name, pathlib.Path(f"/proc/{process.pid}"), store

    def memory_kb(self):
        return next(int(line.split()[1]) for line in (self.folder / "status").read_text().splitlines() if line.startswith("VmRSS:"))

    def store_kb(self):
        return sum(path.stat().st_size for path in self.store.glob("*.db")) // 1024

    def descriptors(self):
        return len(os.listdir(self.folder / "fd"))


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and "blobs" not in path.parts)


def work_a_while(world, server, device, number):
    """Somebody writes, takes a photo now and then, asks, and loses the link."""
    text = f"round {number}"
    device.run("note", "HH-5001", text)
    if number % 10 == 0:
        picture = world.dir / "pump.jpg"
        picture.write_bytes(b"\xff\xd8\xff\xe0" + number.to_bytes(4, "big") * 3000)
        device.run("photo", picture)
    if number % 7 == 0:
        device.run("kb", "search", "pump")
        server.run("status")
        server.run("note", "HH-5001", f"seen {number}")
    if number % 5 == 0:
        for line in world.proxies:
            line.hang_up()
    device.run("link", "--now")
    until(lambda: device.run("outbox")["operations"] == [], f"{text} is settled", 60)


@promise
def what_was_done_before_makes_nobody_larger_and_leaves_nothing_behind():
    with World() as world:
        server = Server.made(world, start=False)
        server.start(options=("--http", "http://127.0.0.1:0"))
        line = world.proxy(server)
        device = Device.enrolled(server, ADA, "tablet", line.url)
        server.book("HH-5001", ADA)
        device.sync()
        device.go_to_work("HH-5001")
        device.start_agent()
        rounds, seen = size(20, 60, 300), None
        for number in range(rounds):
            work_a_while(world, server, device, number)
            if number == rounds // 2:
                processes = [Process("server", server.process, server.dir), Process("agent", device.agent, device.dir)]
                seen = [(process.memory_kb(), process.store_kb(), process.descriptors()) for process in processes]
                files = files_of(server.dir), files_of(device.dir)
        for process, (memory, stored, descriptors) in zip(processes, seen):
            grown, stored = process.memory_kb() - memory, process.store_kb() - stored
            tell(f"{process.name}: {memory} KiB after {rounds // 2} rounds, {grown} more after {rounds}, and its store {stored} more; "
                 f"{descriptors} descriptors, then {process.descriptors()}")
            assert SANITIZED or grown < GROWTH_KB + stored, f"the {process.name} grew by {grown} KiB, its store by {stored}"
            until(lambda: process.descriptors() <= descriptors, f"the {process.name} gives its descriptors back")
        assert (files_of(server.dir), files_of(device.dir)) == files, f"{files_of(server.dir)} {files_of(device.dir)}, and before {files}"
        device.stop_agent()
        device.sync()
        insist_on_equality(server, device)
        assert not server.incidents()


if __name__ == "__main__":
    tap.main()
