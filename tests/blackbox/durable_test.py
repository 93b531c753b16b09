#!/usr/bin/env python3
"""Saved means synced to disk: counted by strace. And what the commands cost, told, not judged by time."""
import re
import subprocess
import time

import tap
from harness import DONE, SANITIZED, World, with_a_job
from tap import Skip, promise, tell, until


def strace(calls="fsync,fdatasync"):
    """The command line to put before a program, or Skip."""
    try:
        probe = subprocess.run(["strace", "-f", "-e", "trace=fsync", "-o", "/dev/null", "true"], capture_output=True)
    except OSError:
        raise Skip("strace is not installed") from None
    if probe.returncode != 0:
        raise Skip("strace may not trace here")
    return ["strace", "-f", "-y", "-e", f"trace={calls}", "-o"]


def prepared(world):
    if SANITIZED:
        world.environment["ASAN_OPTIONS"] += ":detect_leaks=0"  # it cannot run below strace
    return with_a_job(world)


def insist_on_order(trace, name):
    """Its content was synced, then it got its name, then the folder that has the name was synced."""
    syncs, kept = [], None
    for line in trace.read_text().splitlines():
        synced = re.search(r"(?:fsync|fdatasync)\(\d+<([^>]*)>\) += 0", line)
        renamed = re.search(r'rename(?:at|at2)?\(.*"([^"]+)", (?:[^"]*)"([^"]+)".*\) += 0', line)
        if synced:
            syncs.append(synced[1])
        if renamed and renamed[2].endswith(name):
            kept = (renamed[1], len(syncs))
    assert kept, f"nothing was renamed to {name}:\n{trace.read_text()}"
    written, count = kept
    assert any(path.endswith(written.rpartition("/")[2]) for path in syncs[:count]), f"{name}: its content was not synced before: {syncs}"
    assert any("." not in path.rpartition("/")[2] for path in syncs[count:]), f"{name}: its folder was not synced behind: {syncs}"


@promise
def a_bundle_has_its_name_when_its_content_is_on_the_disk_and_its_folder_is_synced_behind():
    before = strace("fsync,fdatasync,rename,renameat,renameat2")
    with World() as world:
        server, device = prepared(world)
        stick, trace = world.dir / "stick", world.dir / "trace"
        stick.mkdir()
        device.run("note", "HH-5001", "by stick")
        device.run("bundle", "export", stick / "up.bundle", before=[*before, str(trace)])
        insist_on_order(trace, "up.bundle")
        server.stop()
        server.run("bundle", "export", device.name, stick / "down.bundle", before=[*before, str(trace)])
        insist_on_order(trace, "down.bundle")


def synced_files(path):
    """Names of the files that were synced, in order."""
    return re.findall(r"(?:fsync|fdatasync)\(\d+<([^>]*)>", path.read_text())


@promise
def a_saved_command_syncs_the_outbox_exactly_once():
    before = strace()
    with World() as world:
        _, device = prepared(world)
        device.run("note", "HH-5001", "warm")
        for number in range(5):
            trace = world.dir / f"trace-{number}"
            assert device.run("note", "HH-5001", f"note {number}", before=[*before, str(trace)])["saved"]
            synced = [name.rpartition("/")[2] for name in synced_files(trace)]
            of_outbox = [name for name in synced if name.startswith("outbox.db")]
            assert len(of_outbox) == 1, f"synced: {synced}"
            assert not [name for name in synced if name.startswith("replica.db")], f"synced: {synced}"


@promise
def a_command_through_the_agent_syncs_the_outbox_before_it_says_saved():
    before = strace()
    with World() as world:
        server, device = prepared(world)
        server.stop()
        trace = world.dir / "trace"
        device.start_agent(before=[*before, str(trace)])
        device.run("note", "HH-5001", "warm")  # a log that begins anew has its header synced as well
        count = len([name for name in synced_files(trace) if "outbox.db" in name])
        for number in range(1, 6):
            assert device.run("note", "HH-5001", f"note {number}")["saved"]
            now = len([name for name in synced_files(trace) if "outbox.db" in name])
            assert now - count == number, f"{now - count} syncs after {number} commands"


@promise
def reading_syncs_nothing_and_writes_nothing():
    before = strace()
    with World() as world:
        _, device = prepared(world)
        trace = world.dir / "trace"
        for words in (("today",), ("show", "HH-5001"), ("van",), ("outbox",), ("issues",), ("status",), ("kb", "search", "boiler")):
            device.run(*words, before=[*before, str(trace)])
            assert synced_files(trace) == [], f"{words} syncs {synced_files(trace)}"


@promise
def the_log_of_the_store_is_untouched_by_readers_beside_a_writer():
    with World() as world:
        _, device = prepared(world)
        device.start_agent()
        device.run("note", "HH-5001", "so that there is a log")
        until(lambda: device.run("link")["synced"] and device.run("outbox")["operations"] == [], "the agent has nothing more to write")
        logs = [device.dir / "outbox.db-wal", device.dir / "replica.db-wal"]
        before = [(path.stat().st_ino, path.stat().st_size) for path in logs if path.exists()]
        assert before
        for _ in range(100):
            device.run("today")
        assert before == [(path.stat().st_ino, path.stat().st_size) for path in logs if path.exists()]


@promise
def what_reading_costs_beside_starting_the_program_is_told():
    with World() as world:
        _, device = prepared(world)

        def cost(words):
            began = time.monotonic()
            for _ in range(10):
                device.world.run("truckroll", *words, expect=DONE)
            return (time.monotonic() - began) / 10

        place = ("--dir", device.dir, "--keys", device.keys, "--json")
        bare = cost(("--version",))
        for words in (("today",), ("show", "HH-5001"), ("van",), ("kb", "search", "boiler", "ignition"), ("outbox",)):
            tell(f"{' '.join(words)}: {cost((*words, *place)) / bare:.1f} times what starting alone costs")


if __name__ == "__main__":
    tap.main()
