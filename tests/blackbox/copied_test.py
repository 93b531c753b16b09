#!/usr/bin/env python3
"""Copies of a device: put back from an old one, brought to another machine, alive twice. Nothing is lost, and the office can tell them apart."""
import shutil

import tap
from equal import insist_on_equality
from harness import REFUSED, Device, World, with_a_job
from tap import promise


def copy_of(device, name, keys=True):
    """As if the whole image had been copied; without `keys`, only the folder of the databases."""
    copy = Device(device.world, name)
    copy.id = device.id
    shutil.copytree(device.dir, copy.dir)
    if keys:
        shutil.copytree(device.keys, copy.keys)
    return copy


def put_back(device, copy):
    shutil.rmtree(device.dir)
    shutil.copytree(copy.dir, device.dir)


def incidents(server):
    return {row["kind"]: row for row in server.incidents()}


def note(device, text):
    return device.run("note", "HH-5001", text)["operation"]


def outcomes(server, *operations):
    log = {row["id"]: row["outcome"] for row in server.log_of_operations()}
    return [log.get(operation) for operation in operations]


@promise
def a_device_that_was_put_back_and_worked_on_loses_nothing_and_the_office_sees_it():
    with World() as world:
        server, device = with_a_job(world)
        pending = note(device, "not sent when the copy was made")
        copy = copy_of(device, "copy", keys=False)
        lost = note(device, "made after the copy")
        device.sync()
        put_back(device, copy)
        anew = note(device, "made after it was put back")
        device.sync()
        device.sync()
        assert outcomes(server, pending, lost, anew) == ["applied"] * 3
        texts = {row["text"] for row in device.run("show", "HH-5001")["notes"]}
        assert {"not sent when the copy was made", "made after the copy", "made after it was put back"} <= texts, texts
        found = incidents(server)
        assert set(found) == {"restored"} and found["restored"]["device_id"] == device.id, found
        insist_on_equality(server, device)
        server.verify()
        server.stop()


@promise
def of_two_copies_the_second_history_is_kept_aside_whole_and_told_within_one_sync():
    with World() as world:
        server, device = with_a_job(world)
        clone = copy_of(device, "clone")
        first = note(device, "of the first")
        second = [note(clone, "of the clone"), note(clone, "more of the clone")]
        device.sync()
        assert not incidents(server)
        clone.ask("sync", expect=None)
        found = incidents(server)
        assert "restored" not in found, found  # one event, one incident
        assert found["fork"]["device_id"] == device.id and "enrol each copy anew" in found["fork"]["words"], found
        assert outcomes(server, first, *second) == ["applied", "parked", "parked"]
        later = note(clone, "later")
        clone.ask("sync", expect=None)
        assert outcomes(server, later) == ["parked"], "the second history is kept aside whole"
        told = clone.run("trace", second[0][:12])
        assert told["outcome"] == "parked" and "enrol" in told["words"], told
        goes_on = note(device, "the first goes on")
        device.sync()
        assert outcomes(server, goes_on) == ["applied"]
        assert "copied" in incidents(server), "both are alive"
        assert server.run("status")["incidents"] >= 2
        server.run("device", "revoke", device.id)
        device.ask("sync", expect=None)
        said = device.ask("status")
        assert said.json["standing"] == "draining" and "revoked" in said.err, str(said)
        for words in (("doctor",), ("doctor", "--offline")):
            said = device.ask(*words, expect=REFUSED)
            assert any("revoked" in check["found"] for check in said.json["checks"]), str(said)
        said = server.run("parked", "release", "--device", "tablet")
        assert [row["outcome"] for row in said["operations"]] == ["applied"] * 3, said
        server.verify()
        server.stop()


@promise
def a_copy_on_another_machine_goes_on_under_a_name_of_its_own_before_it_makes_anything():
    with World() as world:
        (world.dir / "machine").write_text("5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\n")
        (world.dir / "another").write_text("a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\n")
        world.environment["TRUCKROLL_MACHINE_ID"] = str(world.dir / "machine")
        server, device = with_a_job(world)
        pending = note(device, "pending in both")
        clone = copy_of(device, "clone")
        first = note(device, "of the first")
        device.sync()
        world.environment["TRUCKROLL_MACHINE_ID"] = str(world.dir / "another")
        other = note(clone, "of the clone")
        clone.sync()
        world.environment["TRUCKROLL_MACHINE_ID"] = str(world.dir / "machine")
        assert outcomes(server, pending, first, other) == ["applied"] * 3
        assert "fork" not in incidents(server)
        device.sync()
        note(device, "the first goes on")
        device.sync()
        found = incidents(server)
        assert "copied" in found and "fork" not in found, found
        server.verify()
        server.stop()


if __name__ == "__main__":
    tap.main()
