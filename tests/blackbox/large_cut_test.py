#!/usr/bin/env python3
"""A device takes in many rows at once, and its technician works on meanwhile."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time

import tap
from equal import insist_on_equality
from failing_syncs import SYNCS, after_failure, injecting, need_strace
from flights import export, insist_on_the_same, legs
from harness import CANNOT_WRITE, DONE, PATIENCE, REFUSED, UNDER, Device, World, program, with_a_job
from oracle import Told, Writer, write_note
from slow_cut import ROWS, SlowCut, import_parts, is_in_step
from stores import change
from tap import Skip, promise, size, until

NOTES = 40


class Writing:
    """Notes are saved on the device, one after the other."""

    def __init__(self, device, told):
        self.writer = Writer(device, "HH-5001", told, NOTES)

    def __enter__(self):
        self.writer.start()

    def __exit__(self, *_):
        self.writer.stopped = True
        self.writer.join()
        if self.writer.failure:
            raise self.writer.failure


def work_through(server, device):
    """The agent begins with everything that came meanwhile; notes are written until it is in step."""
    told = Told()
    device.start_agent()
    with Writing(device, told):
        until(lambda: device.run("link").get("rows_received", 0) >= ROWS, "the rows are there", 120)
        time.sleep(0.2)
    until(lambda: is_in_step(device), "all is settled", 120)
    device.stop_agent()
    insist_on_equality(server, device)
    told.judge(server)
    assert not device.told("incident")
    return told


@promise
def what_is_saved_while_a_cut_takes_much_in_is_kept_shown_and_sent():
    with World() as world:
        server, device = with_a_job(world)
        import_parts(server)
        told = work_through(server, device)
        assert told.texts, "nothing was saved meanwhile"
        shown = world.run("truckroll", "show", "HH-5001", "--dir", device.dir, "--keys", device.keys).out
        assert all(text in shown for text, operation in told.texts.items() if operation), shown


@promise
def what_is_saved_during_a_first_sync_is_kept_and_sent():
    with World() as world:
        server, _ = with_a_job(world)
        import_parts(server)
        device = Device.enrolled(server, "Ada Brannock", "second")
        work_through(server, device)


class Screen:
    """A terminal of 100 columns, and everything that was written on it."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.written = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def close(self):
        """Everything is read then."""
        os.close(self.slave)
        self.reader.join(PATIENCE)

    def read(self):
        try:
            while True:
                self.written += os.read(self.master, 4096).decode("utf-8", "replace")
        except OSError:
            pass  # nobody has it open any more


@promise
def on_a_terminal_a_long_sync_shows_how_far_it_is_and_takes_that_away_at_the_end():
    with World() as world:
        server, _ = with_a_job(world)
        import_parts(server)
        proxy, screen = world.proxy(server), Screen()
        device = Device.enrolled(server, "Ada Brannock", "second", url=proxy.url)

        def hold(_, direction, data):
            if direction == "down" and len(data) > 10000:  # a page goes on when something is to be seen of those before it
                pages.append(len(data))
                if len(pages) == 2:
                    until(lambda: " left" in screen.written, "the screen says how long it will take", PATIENCE)

        pages, proxy.on_message = [], hold
        environment = dict(world.environment, TERM="xterm")
        done = subprocess.run([*UNDER, program("truckroll"), "sync", "--dir", device.dir, "--keys", device.keys], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=screen.slave, env=environment, cwd=world.dir, timeout=PATIENCE * 4, check=False)
        screen.close()
        assert done.returncode == DONE and len(pages) > 2, (done, pages)
        bars = re.findall(r"\r([^\r]*) {2}\[([#.]{30})\] +(\d+) % {2}(\d+) of (\d+) {2}([0-9.]+ [kM]?B)( {2}[0-9].* left)?\x1b\[K", screen.written)
        assert any(left for *_, left in bars), screen.written
        for _, drawn, share, rows, total, _, _ in bars:
            assert int(rows) <= int(total) and int(total) > ROWS and drawn == ("#" * drawn.count("#")).ljust(30, "."), screen.written
            assert int(share) == int(rows) * 100 // int(total), screen.written
        assert not re.search(r"\r[^\r]* {2}\d+ {2}[0-9.]+ [kM]?B\x1b\[K", screen.written.split(" of ", 1)[1]), f"the total is gone again: {screen.written}"
        assert screen.written.endswith("\r\x1b[K"), repr(screen.written[-200:])
        insist_on_equality(server, device)


@promise
def who_is_killed_while_it_takes_much_in_begins_again_and_loses_nothing():
    with World() as world:
        server, device = with_a_job(world)
        import_parts(server)
        told = Told()
        for trial in range(size(2, 4, 12)):
            device.start_agent()
            with Writing(device, told):
                until(lambda: device.run("link").get("rows_received", 0) > 0, "rows come", 60)
                time.sleep(0.05 * trial)
                device.kill_agent()
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)


def shown(device, leg):
    return [event["what"] for event in device.run("flight", "show", leg)["events"]]


@promise
def a_flight_ends_before_a_large_cut_another_begins_after_it_and_all_legs_are_replayed():
    with World() as world:
        slow = SlowCut(world, 4000, rows=12000)  # a copy of many more does not fit into a leg
        device = slow.device
        slow.reach()
        first = legs(device)[-1]["leg"]
        slow.save(2)
        assert shown(device, first)[-1] == "commit", "the leg goes on with what it cannot tell"
        until(lambda: is_in_step(device), "all is settled", 60)
        until(lambda: legs(device)[-1]["leg"] > first, "another leg begins")
        assert "operation" not in shown(device, first), "the leg went on"
        slow.told.texts[write_note(device, slow.told)]
        until(lambda: is_in_step(device), "all is settled", 60)
        device.stop_agent()
        kept = legs(device)
        assert all(leg["replays"] and leg["trouble"] is None for leg in kept), kept
        assert "operation" in shown(device, kept[-1]["leg"]) and "cut" in shown(device, kept[-1]["leg"]), "it is not recorded again"
        tap.tell(insist_on_the_same(world, *export(device)).out)
        slow.judge()


@promise
def what_is_saved_during_a_large_cut_is_judged_by_what_was_saved_before_it():
    with World() as world:
        slow = SlowCut(world, 15000)
        device = slow.device
        slow.reach()
        device.run("accept", "HH-5001")
        device.run("travel", "HH-5001")
        again = device.ask("accept", "HH-5001", expect=REFUSED)
        assert not is_in_step(device), f"the cut was over: {again}"
        until(lambda: is_in_step(device), "all is settled", 60)
        assert not slow.server.rows("issue"), slow.server.rows("issue")
        device.stop_agent()
        slow.judge()


@promise
def a_small_first_sync_is_recorded_and_replayed_to_its_end():
    with World() as world:
        server, _ = with_a_job(world)
        device = Device.enrolled(server, "Ada Brannock", "second")
        device.start_agent()
        until(lambda: is_in_step(device), "all is here", 60)
        device.stop_agent()
        kept = legs(device)
        assert len(kept) == 1 and kept[0]["replays"] and "cut" in shown(device, kept[0]["leg"]), kept
        insist_on_the_same(world, *export(device))


@promise
def who_is_told_to_stop_during_a_cut_that_takes_minutes_stops_soon_and_loses_nothing():
    if os.environ.get("TRUCKROLL_SANITIZE") == "thread":
        raise Skip("to the thread sanitizer a thread that ends with its process is a leak")
    with World() as world:
        slow = SlowCut(world, 300000)
        slow.reach()
        slow.save(2)
        begun = time.monotonic()
        slow.device.stop_agent()
        assert time.monotonic() - begun < 60, "it waited for the cut"
        assert not (slow.device.dir / "sock").exists()
        slow.device.sync()
        slow.judge()


@promise
def rows_that_a_large_cut_finds_not_to_fit_are_put_right():
    with World() as world:
        slow = SlowCut(world, 2000)
        change(slow.device, "UPDATE scope SET sum = randomblob(length(sum))")
        slow.reach()
        slow.save()
        until(lambda: is_in_step(slow.device), "all is settled", 120)
        assert slow.device.told("incident") or slow.server.incidents(), "nobody was told"
        slow.device.stop_agent()
        slow.judge()


@promise
def a_sync_of_the_outbox_that_failed_beside_a_large_cut_ends_the_agent_and_loses_nothing_it_called_saved():
    need_strace()
    with World() as world:
        slow, trace = SlowCut(world, 4000), world.dir / "trace"
        device = slow.device
        slow.reach(before=injecting(trace, device.dir / "outbox.db", SYNCS, "EIO", 1))
        device.ask("note", "HH-5001", slow.told.next_text(), expect=CANNOT_WRITE)
        until(lambda: device.agent.poll() is not None, "the agent ends", 60)
        assert device.agent.wait() == CANNOT_WRITE, device.agent.returncode
        assert after_failure(trace) == [], "it synced again"
        device.agent = None
        device.sync()
        slow.judge()


if __name__ == "__main__":
    tap.main()
