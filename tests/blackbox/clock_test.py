#!/usr/bin/env python3
"""Clocks that are wrong, and that jump: what is decided does not depend on them, only times that were declared do."""
import struct

import tap
from equal import insist_on_equality
from harness import BUILD, SANITIZED, Device, Server, World
from tap import Skip, promise, size, until

SHIM = BUILD / "tests" / "faults" / "shim.so"
YEAR_MS = 365 * 86400 * 1000
HOUR_MS = 3600 * 1000
SINCE_1970_MS = 56 * YEAR_MS

# Who works by which clock, and on what; the first one's is right.
CLOCKS = {"right": ("Ada Brannock", "HH-5001", [0]), "1970": ("Tomas Hale", "HH-5004", [-SINCE_1970_MS]),
          "ten years ahead": ("Bridget Sorrell", "HH-5016", [10 * YEAR_MS]),
          "jumping": ("Ifor Maddox", "HH-5031", [HOUR_MS, -HOUR_MS, -SINCE_1970_MS, 10 * YEAR_MS])}


class Clock:
    def __init__(self, world, name):
        self.path = world.dir / f"{name}.clock"
        self.set(0)
        self.before = ["env", f"LD_PRELOAD={SHIM}", f"SHIM_CLOCK={self.path}"]

    def set(self, error_ms):
        if self.path.exists():
            with open(self.path, "r+b") as file:  # in place: it is mapped
                file.write(struct.pack("=q", error_ms))
        else:
            self.path.write_bytes(struct.pack("=q", error_ms))


def need_shim():
    if SANITIZED:
        raise Skip("a sanitizer wants to be loaded first")


WORK = (("accept",), ("travel",), ("arrive",), ("note", "{order}", "seen"), ("use", "HH-1001"),
        ("finish", "--cause", "worn_part", "--action", "replaced", "--text", "done", "--signer", "B. Harper"))


def work(device, order, clock, errors):
    """A visit from beginning to end; the clock shows another time before each command."""
    for number, words in enumerate(WORK):
        clock.set(errors[number % len(errors)])
        answer = device.ask(*[word.format(order=order) for word in words], before=clock.before)
        assert answer.json["saved"], str(answer)
        if number % 2:
            device.sync(before=clock.before)
    device.sync(before=clock.before)


@promise
def whatever_a_devices_clock_shows_the_same_work_has_the_same_outcome():
    need_shim()
    with World() as world:
        server = Server.made(world)
        devices, outcomes = {}, {}
        for name, (technician, order, errors) in CLOCKS.items():
            device = devices[name] = Device.enrolled(server, technician, name.split()[0])
            server.book(order, technician)
            device.sync()
            work(device, order, Clock(world, name.split()[0]), errors)
            outcomes[name] = [(o["kind"], o["state"]) for o in device.run("outbox", "--all")["operations"]]
        for device in devices.values():
            device.sync()
        insist_on_equality(server, *devices.values())
        for name, found in outcomes.items():
            assert found == outcomes["right"], f"{name}: {found}\nright: {outcomes['right']}"
        states = {row["number"]: row["state"] for row in server.rows("work_order")}
        assert len({states[order] for _, order, _ in CLOCKS.values()}) == 1, states
        assert [row["text"] for row in server.rows("note")].count("seen") == len(CLOCKS)


@promise
def a_servers_clock_that_jumps_keeps_nobody_out_and_changes_no_outcome():
    need_shim()
    with World() as world:
        server = Server.made(world)
        clock = Clock(world, "office")
        server.stop()
        server.start(before=clock.before)
        device = Device.enrolled(server, "Ada Brannock", "tablet")
        server.book("HH-5001", "Ada Brannock")
        device.sync()
        texts = []
        for error in (-HOUR_MS, HOUR_MS, 10 * YEAR_MS, -SINCE_1970_MS, 0):
            clock.set(error)
            texts.append(f"at {error}")
            device.run("note", "HH-5001", texts[-1])
            device.sync()
        insist_on_equality(server, device)
        assert sorted(row["text"] for row in server.rows("note")) == sorted(texts)
        assert [o["outcome"] for o in server.log_of_operations() if o["kind"] == "add_note"] == ["applied"] * len(texts)


if __name__ == "__main__":
    tap.main()
