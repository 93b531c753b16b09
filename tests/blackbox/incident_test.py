#!/usr/bin/env python3
"""What went wrong by itself is told where an operator and a technician look, with words that say what to do."""
import tap
from harness import CORRUPT, DONE, OFFLINE, PATIENCE, REFUSED, World, with_a_job, with_a_line
from newer_server import NewerServer
from peer import Peer, packed, section, wire
from stores import change, damage_tables, fold
from tap import promise, until

ADA = "Ada Brannock"
ERROR, MALFORMED = 15, 6


def incident_of(server, kind, device, *words):
    """The one of its kind: listed for programs and, with the same words, for people, and counted in the status."""
    found, = [row for row in server.incidents() if row["kind"] == kind]
    assert found["device"] == device and found["count"] == 1 and found["acknowledged_at"] is None, found
    listed = server.world.run("truckrolld", "incidents", "--dir", server.dir, expect=DONE).out
    assert found["words"] in " ".join(listed.split()), listed
    for word in words:
        assert word in found["words"], found
    chinese, = [row for row in server.incidents("--lang", "zh") if row["kind"] == kind]
    assert chinese["words"] != found["words"], chinese
    assert server.run("status")["incidents"] >= 1
    return found


@promise
def a_copy_that_does_not_fit_is_an_incident_for_the_office_and_a_line_of_the_doctor():
    with World() as world:
        server, device = with_a_job(world)
        change(device, "UPDATE scope SET sum = zeroblob(16)")
        server.run("note", "HH-5001", "from the office")
        device.sync()
        found = incident_of(server, "digest", "tablet", "repairs itself", "have its disk checked")
        assert found["device_id"] == device.id
        line, = device.told("incident")
        assert "did not fit the office's" in line and "tell the office when it comes again" in line, line


@promise
def operations_that_the_server_cannot_read_are_an_incident_and_stop_nothing_else():
    with World() as world:
        server, device = with_a_job(world)
        peer = Peer(server.port)
        peer.enrol(server, ADA)
        peer.start()
        assert ERROR in peer.say(peer.batch(packed(b"\xff" * 40, compression=0)))
        incident_of(server, "unreadable", "hand-made", "malformed", "keep the device and tell who maintains the program")
        device.run("note", "HH-5001", "beside it")
        device.sync()
        assert [row["text"] for row in server.rows("note")] == ["beside it"]


@promise
def a_device_whose_operations_the_server_cannot_read_says_so_until_they_are_taken():
    with World() as world:
        server, device, line = with_a_line(world)
        device.run("note", "HH-5001", "kept here")
        deaf = NewerServer(server, device, section(ERROR, wire.varint(MALFORMED) + wire.varint(0)))
        line.server_port = deaf.port
        answer = device.ask("sync", "--wait", "5", expect=REFUSED)
        assert "tell the office, and keep this device" in answer.reason, str(answer)
        device.ask("doctor", "--offline", expect=REFUSED)
        said, = device.told("pending")
        assert "operations that wait and are kept: 1" in said and "tell the office, and keep this device" in said, said
        assert "请告知办公室" in device.told("pending", "--lang", "zh")[0]
        deaf.end()
        line.server_port = server.port
        device.sync()
        assert device.told("pending") == ["everything is settled with the office"]


@promise
def a_store_that_is_found_damaged_while_it_serves_ends_the_server_and_is_an_incident_afterwards():
    for served_before in (False, True):  # then it is a device's frame that meets the damage, not a look of the server's own
        a_store_is_found_damaged(served_before)


def a_store_is_found_damaged(served_before):
    with World() as world:
        server, device = with_a_job(world)
        server.stop()
        fold(server.dir / "organisation.db")
        server.start()
        if served_before:
            device.sync()
            until(lambda: server.run("status")["frames"] > 0, "it serves")
        damage_tables(server.dir / "organisation.db", "note", "work_order", "visit")
        device.run("note", "HH-5001", "saved here all the same")
        device.ask("sync", "--wait", "2", expect=OFFLINE)
        assert server.process.wait(timeout=PATIENCE) == CORRUPT
        until(lambda: "store.failed" in (world.dir / server.log).read_text(), "the log says why")
        incident_of(server, "damaged", "the server", "organisation.db is damaged", "restore the newest backup")
        assert len(device.run("outbox")["operations"]) == 1
        doctor = device.ask("doctor", expect=None)
        assert [check["status"] for check in doctor.json["checks"] if check["check"] == "server"] == ["offline"], str(doctor)


if __name__ == "__main__":
    tap.main()
