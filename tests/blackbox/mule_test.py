#!/usr/bin/env python3
"""Bundles that another device carries: Ben has no network, Ada has, and what goes through hers ends as the same by his own would."""
import itertools
import random

import tap
from equal import insist_on_equality
from harness import REFUSED, Device, Server, World, with_a_job
from tap import promise, size

TOMAS = "Tomas Hale"


def two_devices(world):
    """(server, the device without a network, the one that carries)"""
    server, ben = with_a_job(world)
    return server, ben, Device.enrolled(server, TOMAS, "carrier")


class Stick:
    def __init__(self, world):
        self.dir = world.dir / "stick"
        self.dir.mkdir()
        self.numbers = itertools.count(1)

    def path(self):
        return self.dir / f"{next(self.numbers):03}.bundle"

    def of(self, device):
        path = self.path()
        device.run("bundle", "export", path)
        return path

    def answer(self, carrier, device):
        path = self.path()
        carrier.run("bundle", "export", path, "--for", device.id[:8])
        return path


def states(carrier):
    return sorted(bundle["state"] for bundle in carrier.run("bundle", "list")["bundles"])


@promise
def what_a_device_without_a_network_did_goes_through_another_and_the_answer_comes_back():
    with World() as world:
        server, ben, carrier = two_devices(world)
        stick = Stick(world)
        for number in range(3):
            ben.run("note", "HH-5001", f"note {number}")
        server.run("edit", "work_order", "HH-5001", "title=another")
        assert carrier.run("bundle", "carry", stick.of(ben))["files"][0]["result"] == "carried"
        assert states(carrier) == ["waiting"]
        carrier.sync()
        assert states(carrier) == ["answer"]
        assert len([o for o in server.log_of_operations() if o["kind"] == "add_note"]) == 3
        assert ben.run("bundle", "import", stick.answer(carrier, ben))["files"][0]["result"] == "taken"
        insist_on_equality(server, ben)
        insist_on_equality(server, carrier)


if __name__ == "__main__":
    tap.main()
