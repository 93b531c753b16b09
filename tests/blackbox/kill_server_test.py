#!/usr/bin/env python3
"""What the server acknowledged survives kill -9, and so does what the devices still hold."""
import itertools
import random
import threading
import time

import tap
from equal import insist_on_equality
from harness import PATIENCE, Device, Server, World
from oracle import Told, Writer
from tap import promise, size, tell, until

PEOPLE = ("Ada Brannock", "Tomas Hale", "Bridget Sorrell", "Ifor Maddox")
ORDERS = ("HH-5001", "HH-5002", "HH-5016", "HH-5031")


def acknowledged(device):
    """Operations that the device believes to be decided at the server."""
    return [o["operation"] for o in device.run("outbox", "--all")["operations"] if o["state"] not in ("saved", "sent")]


def release_what_was_killed_thrice(server):
    """An operation that is being decided at three kills looks like the cause of them: it is kept aside, told, and goes on when a person says so."""
    told = {row["operation"] for row in server.incidents("--all") if row["kind"] == "poison"}
    suspected = [row["id"] for row in server.run("parked", "list")["operations"]]
    assert set(suspected) <= told, f"parked for another reason, or in silence: {set(suspected) - told}"
    for operation in suspected:
        server.run("parked", "release", operation, "--reason", "only kills ended it")
    return len(suspected)


@promise
def what_the_server_acknowledged_survives_killing_it_and_nothing_happens_twice():
    with World() as world:
        server = Server.made(world)
        clients = size(4, 4, 20)
        devices = [Device.enrolled(server, PEOPLE[number % 4], f"device-{number}") for number in range(clients)]
        for name, order in zip(PEOPLE, ORDERS):
            server.book(order, name)
        for device in devices:
            device.sync()
            device.start_agent()
        slowest = 0
        told, dice, ever = [Told(f"{number}/") for number in range(len(devices))], random.Random(41), set()
        writers = [Writer(device, order, ledger, size(12, 12, 4)) for device, order, ledger in zip(devices, itertools.cycle(ORDERS), told)]
        for writer in writers:
            writer.start()
        for _ in range(size(5, 25, 200)):
            wait = threading.Event()
            wait.wait(dice.uniform(0, 0.15))
            server.kill()
            for writer in writers:
                writer.left = writer.an_end
            ever.update(operation for device in devices for operation in acknowledged(device))
            began = time.monotonic()
            server.start()
            slowest = max(slowest, time.monotonic() - began)
            log = {o["id"] for o in server.log_of_operations()}
            lost = ever - log
            assert not lost, f"acknowledged and gone: {lost}"
            for device in devices:
                device.ask("link", "--now", expect=None)
            until(lambda: server.run("status")["operations"] >= len(log), "the server answers")
        for writer in writers:
            writer.stopped = True
            writer.join()
            assert writer.failure is None, writer.failure
        for device in devices:
            device.sync(wait=3 * PATIENCE)
        released = release_what_was_killed_thrice(server)
        for device in devices:
            device.sync(wait=3 * PATIENCE)
            device.stop_agent()
        insist_on_equality(server, *devices)
        texts = {}
        for ledger in told:
            texts.update(ledger.texts)
        everything = Told()
        everything.texts = texts
        everything.judge(server)
        tell(f"seed 41: {len(ever)} acknowledgements were recorded; the slowest start to serving took {slowest:.2f} s; "
             f"{released} operations were being decided at three kills, and were released")


if __name__ == "__main__":
    tap.main()
