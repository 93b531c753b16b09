#!/usr/bin/env python3
"""The flight recorder: what happened on a device happens again elsewhere, byte by byte, without its keys; a fault, too. What was cut or changed
on the way, or is of another device, is refused; the recording stays within its bound."""
import random

import tap
from equal import insist_on_equality
from flights import DIFFERENT, UNUSABLE, a_photo, bytes_kept, export, insist_on_the_same, legs, replay
from harness import CORRUPT, NOT_FOUND, REFUSED, Device, World, with_a_job
from tap import promise, size

ADA, TOMAS = "Ada Brannock", "Tomas Hale"


@promise
def what_a_device_did_until_its_agent_was_killed_is_replayed_byte_for_byte_without_its_keys():
    with World() as world:
        server, device = with_a_job(world)
        device.start_agent()
        device.run("accept", "HH-5001")
        device.run("photo", a_photo(world), "--visit", "HH-5001")
        for number in range(size(4, 8, 20)):
            device.run("note", "HH-5001", f"note {number}")
            server.run("edit", "work_order", "HH-5001", f"title=title {number}")
        tap.until(lambda: device.run("status")["synced"], "the device is in step")
        server.stop()
        device.run("travel", "HH-5001")
        device.run("link", "--now")
        device.kill_agent()
        server.start()
        device.sync()
        kept = legs(device)
        assert len(kept) == 3 and all(leg["replays"] and leg["frames_in"] and leg["trouble"] is None for leg in kept), kept
        path, words = export(device)
        said = insist_on_the_same(world, path, words)
        tap.tell(said.out)


@promise
def a_fault_happens_again_in_the_replay_and_not_when_it_is_mended():
    with World() as world:
        server, device = with_a_job(world)
        world.environment["TRUCKROLL_BUG"] = "shadow-not-restored"
        device.program = "truckroll_buggy"
        device.start_agent()
        server.stop()
        device.run("accept", "HH-5001")
        device.run("travel", "HH-5001")
        device.run("note", "HH-5001", "on my way")
        server.start()
        device.run("link", "--now")
        tap.until(lambda: device.run("status")["pending"] == 0, "what was done is decided")
        server.book("HH-5001", ADA)
        tap.until(lambda: any("digest" in str(incident) for incident in server.incidents()), "the fault shows")
        device.stop_agent()
        path, words = export(device)
        insist_on_the_same(world, path, words)
        mended = replay(world, path, words, "--mended")
        assert mended.code == DIFFERENT and "DIFFERENT: leg" in mended.out, f"{mended}"
        tap.tell(mended.out)


@promise
def a_flight_that_was_cut_or_changed_is_refused_with_a_sentence():
    with World() as world:
        _, device = with_a_job(world)
        path, words = export(device)
        whole, chance = path.read_bytes(), random.Random(5)
        for at in sorted({1, 5, 29, 31, len(whole) - 1} | {chance.randrange(len(whole)) for _ in range(size(4, 8, 60))}):
            path.write_bytes(whole[:at])
            cut = replay(world, path, words)
            assert cut.code == UNUSABLE and ("cut" in cut.err or "beginning" in cut.err), f"cut at {at}: {cut}"
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1:])
            changed = replay(world, path, words)
            assert changed.code == UNUSABLE and changed.err.strip(), f"changed at {at}: {changed}"
        path.write_bytes(whole + b"more")
        assert replay(world, path, words).code == UNUSABLE
        path.write_bytes(whole)
        other = replay(world, path, " ".join(reversed(words.split())))
        assert other.code == UNUSABLE and "words" in other.err, f"{other}"
        few = replay(world, path, "some words")
        assert few.code == UNUSABLE and "12 words" in few.err, f"{few}"
        assert device.ask("flight", "export", path, expect=REFUSED).reason, "it was written over"
        insist_on_the_same(world, path, f"  {words.replace(' ', chr(10))} ")


@promise
def a_leg_of_another_device_or_one_that_was_changed_is_not_exported():
    with World() as world:
        server, device = with_a_job(world)
        other = Device.enrolled(server, TOMAS, "handheld")
        other.sync()
        leg = next((other.dir / "flight").glob("*.leg"))
        content = leg.read_bytes()
        (device.dir / "flight" / "00000007.leg").write_bytes(content)
        refused = device.ask("flight", "export", world.dir / "foreign", "--leg", 7, expect=CORRUPT)
        assert "elsewhere" in refused.reason and not (world.dir / "foreign").exists(), f"{refused}"
        assert "elsewhere" in legs(device)[-1]["trouble"]
        assert content[:6] != b"" and b"HH-5001" not in content and ADA.encode() not in content
        leg.write_bytes(content[:3000] + bytes([content[3000] ^ 1]) + content[3001:])
        assert "damaged" in other.ask("flight", "export", world.dir / "spoilt", expect=CORRUPT).reason
        other.ask("flight", "show", 9, expect=NOT_FOUND)


@promise
def an_agent_begins_another_leg_when_one_is_long_and_both_are_replayed():
    with World() as world:
        server, device = with_a_job(world)
        device.program = "truckroll_buggy"  # with no bug
        device.run("config", "flight_bytes", "1200kB")
        device.start_agent()
        first = legs(device)[-1]["leg"]
        for number in range(size(4, 6, 20)):
            path = a_photo(world)
            path.write_bytes(random.Random(number).randbytes(250000))
            device.run("photo", path, "--visit", "HH-5001")
            server.run("edit", "work_order", "HH-5001", f"title=title {number}")
            tap.until(lambda: device.run("status")["synced"], "the device is in step")
            assert bytes_kept(device) <= 1200000, bytes_kept(device)
        tap.until(lambda: legs(device)[-1]["leg"] >= first + 2, "more legs")
        assert len(server.rows("attachment")) == size(4, 6, 20), "photos did not arrive"
        kept = legs(device)
        assert all(leg["replays"] for leg in kept), kept
        insist_on_the_same(world, *export(device))
        device.stop_agent()
        insist_on_equality(server, device)


@promise
def the_recording_stays_within_its_bound_and_can_be_ended():
    with World() as world:
        server, device = with_a_job(world)
        bound = 600000
        device.run("config", "flight_bytes", "600kB")
        for number in range(size(8, 10, 30)):
            device.run("note", "HH-5001", f"note {number}")
            device.sync()
            assert bytes_kept(device) <= bound, bytes_kept(device)
        kept = legs(device)
        assert kept[0]["leg"] > 1 and kept[-1]["replays"], "no leg had to go"
        insist_on_the_same(world, *export(device))
        device.run("config", "flight_bytes", "0")
        device.sync()
        assert legs(device) == [] and bytes_kept(device) == 0
        device.ask("flight", "export", world.dir / "none", expect=NOT_FOUND)
        assert server.verify() is not False


if __name__ == "__main__":
    tap.main()
