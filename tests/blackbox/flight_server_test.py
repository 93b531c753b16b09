#!/usr/bin/env python3
"""The server's flight recorder: what it did happens again elsewhere, byte for byte, as long as only its core wrote to the store; what comes after
a full leg can be looked at; and nothing is recorded unasked."""
import random

import tap
from flights import a_photo, bytes_kept, export, insist_on_the_same, legs
from harness import NOT_FOUND, Device, Server, World
from tap import promise, size

ADA, TOMAS = "Ada Brannock", "Tomas Hale"


def with_a_recording_server(world, *bytes_max):
    server = Server.made(world)
    device = Device.enrolled(server, ADA, "tablet")
    server.stop()
    server.start(options=["--flight-bytes", *bytes_max])
    return server, device


@promise
def what_a_server_did_is_replayed_byte_for_byte_up_to_what_was_written_beside_its_core():
    with World() as world:
        server, device = with_a_recording_server(world, 16000000)
        server.book("HH-5001", ADA)
        device.sync()
        device.start_agent()
        device.run("photo", a_photo(world), "--visit", "HH-5001")
        for number in range(size(3, 6, 20)):
            device.run("note", "HH-5001", f"note {number}")
            server.run("edit", "work_order", "HH-5001", f"title=title {number}")
        tap.until(lambda: device.run("status")["synced"], "the device is in step")
        path, words = export(server, "first.flight")
        said = insist_on_the_same(world, path, words)
        assert "something else" not in said.out, f"{said}"
        tap.tell(said.out)
        Device.enrolled(server, TOMAS, "handheld").sync()
        assert "something else" in insist_on_the_same(world, *export(server, "second.flight")).out
        server.kill()
        server.start(options=["--flight-bytes", 16000000])  # with suspects
        device.run("note", "HH-5001", "after the crash")
        tap.until(lambda: device.run("status")["synced"], "the device is in step again")
        device.stop_agent()
        server.stop()
        insist_on_the_same(world, *export(server, "third.flight"))
        other = device.ask("flight", "export", world.dir / "none", "--leg", 99, expect=NOT_FOUND)
        assert "flight list" in other.reason


@promise
def a_server_whose_leg_is_full_goes_on_with_legs_to_look_at():
    with World() as world:
        bound = 1200000
        server, device = with_a_recording_server(world, bound)
        server.book("HH-5001", ADA)
        device.sync()
        for number in range(size(4, 8, 16)):
            path = a_photo(world)
            path.write_bytes(random.Random(number).randbytes(200000))
            device.run("photo", path, "--visit", "HH-5001")
            device.sync()
            assert bytes_kept(server) <= bound, bytes_kept(server)
        kept = legs(server)
        heard = [leg["leg"] for leg in kept if not leg["replays"] and leg["frames_in"]]  # the last one may have begun just now
        assert not kept[-1]["replays"] and heard, kept
        assert any(event["what"] == "frame" for event in server.run("flight", "show", heard[-1])["events"])
        server.stop()
        server.start()
        device.sync()
        assert [leg["leg"] for leg in legs(server)] == [leg["leg"] for leg in kept], "it recorded without being asked"


if __name__ == "__main__":
    tap.main()
