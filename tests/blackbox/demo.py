#!/usr/bin/env python3
"""./demo and ./demo --story: the example organisation on this machine, with a server and two devices as real processes.

Without --story it stays up until it is interrupted, and says what to try. With --story it plays a day off line with everything that may
go wrong on it and after it, proves that server and devices are equal, and exits 0; or 1 when they are not."""
import csv
import signal
import socket
import sys
import time
import traceback

from harness import EXAMPLE, Device, Server, World, program, real_data
from story import story
from story_day import ADA, REAL_FILES, TOMAS
from tap import Skip
from telling import say


def free_port(wanted):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted


def plan_the_day(server):
    """The orders of the example, in turn to the technicians of their territory."""
    technicians = {}
    with open(next(path for path in EXAMPLE if "technicians" in path.name), encoding="utf-8") as file:
        for row in csv.DictReader(file):
            technicians.setdefault(row["territory_id"], []).append(row["name"])
    booked = 0
    with open(next(path for path in EXAMPLE if "orders_open" in path.name), encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["released"] != "true" or row["hold_reason"]:
                continue
            who = technicians[row["territory_id"]]
            who.append(who.pop(0))
            start = row["planned_start_at_ms"].partition("T")[2]
            server.run("visit", "book", row["number"], who[-1], "--dispatch", *(["--start", f"today {start}"] if start else []))
            booked += 1
    return booked


def stay(world):
    stop = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.append(1))
    server = Server.made(world, files=(), start=False)
    server.run("import", "--apply", *EXAMPLE)
    data = real_data()
    if data is not None:
        server.run("import", "--apply", "--territory", "North", *[data / name for name in REAL_FILES])
    server.port = free_port(7450)
    server.start()
    say(f"Harbour & Hill Service: {plan_the_day(server)} visits are booked and dispatched"
        + (f", {len(server.rows('work_order'))} work orders with the real data of {data}." if data else "."))
    devices = [Device.enrolled(server, ADA, "ada-tablet"), Device.enrolled(server, TOMAS, "tomas-laptop")]
    for device in devices:
        device.start_agent()
        device.sync()
    tell_what_to_try(server, devices)
    while not stop and server.process.poll() is None and all(device.agent.poll() is None for device in devices):
        time.sleep(0.2)
    if not stop:
        say("A program ended by itself; its last words:")
        world.show_logs()
        return 1
    for device in devices:
        device.stop_agent()
    server.stop()
    say("Stopped, and everything that the demo made is removed.")
    return 0


def tell_what_to_try(server, devices):
    daemon, agent = program("truckrolld"), program("truckroll")
    say(f"""
The server listens on {server.url} (devices); its directory is {server.dir}
Two devices are enrolled and on line: {devices[0].dir} ({ADA}), {devices[1].dir} ({TOMAS})

Paste this, then try what is below it:
  office() {{ {daemon} --dir {server.dir} "$@"; }}
  ada() {{ {agent} --dir {devices[0].dir} "$@"; }}
  tomas() {{ {agent} --dir {devices[1].dir} "$@"; }}

  ada today                                   her day
  ada show HH-5001                            an order with site, machine, notes and parts
  ada accept HH-5001; ada travel; ada arrive  work on it (use, note, pause, finish: ada --help)
  ada use HH-1011                             the last one in her van
  ada kb search boiler ignition               knowledge, without a network
  tomas today; tomas van; tomas outbox
  office visit list --limit 20                what the dispatcher sees
  office outcomes --limit 10; office issues
  office device invite --technician "Mei Tanaka-Ross"   and enrol a third device
  kill -STOP {server.process.pid}                             the server falls silent, work goes on (-CONT: it is back)

Ctrl-C ends it.""")


def main():
    if sys.argv[1:] not in ([], ["--story"]):
        sys.exit("usage: demo.py [--story]")
    try:
        with World() as world:
            sys.exit(story(world) if sys.argv[1:] else stay(world))
    except (AssertionError, Skip, KeyError, OSError):
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    main()
