#!/usr/bin/env python3
"""Bundles: sync by files. What goes by a stick ends as the same by a network would, in any order, repeated, mixed, lost, damaged; and both ends
are equal afterwards."""
import itertools
import os
import random
import shutil
import subprocess
import sys
import time

import tap
from equal import insist_on_equality
from harness import CANNOT_WRITE, CORRUPT, DONE, NOT_FOUND, OFFLINE, REFUSED, Device, Server, World, fill, with_a_job
from tap import Skip, promise, size

ADA, TOMAS = "Ada Brannock", "Tomas Hale"


class Stick:
    """A folder that files are carried in."""

    def __init__(self, world, name="stick"):
        self.dir = world.dir / name
        self.dir.mkdir()
        self.numbers = itertools.count(1)

    def path(self, name):
        return self.dir / f"{next(self.numbers):03}-{name}.bundle"

    def from_device(self, device):
        path = self.path(f"from-{device.name}")
        device.run("bundle", "export", path)
        return path

    def for_device(self, server, device):
        path = self.path(f"for-{device.name}")
        server.run("bundle", "export", device.name, path)
        return path


def results(answer):
    return [file["result"] for file in answer["files"]]


def exchange(server, device, stick):
    """There and back twice: the second time the device has nothing left to tell."""
    for _ in range(2):
        server.run("bundle", "import", stick.from_device(device))
        device.run("bundle", "import", stick.for_device(server, device))


def work(device, number):
    device.run("note", "HH-5001", f"note {number} of {device.name}")


@promise
def a_device_without_any_network_is_kept_in_step_by_files_alone():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        stick = Stick(world)
        server.stop()  # from here on nothing listens
        first = stick.for_device(server, device)
        assert results(device.run("bundle", "import", first)) == ["taken"]
        insist_on_equality(server, device)
        server.book("HH-5001", ADA)
        device.run("bundle", "import", stick.for_device(server, device))
        insist_on_equality(server, device)
        device.run("accept", "HH-5001")
        for number in range(5):
            work(device, number)
        sent = stick.from_device(device)
        assert server.run("bundle", "import", sent)["files"][0]["operations"] == 6
        assert results(server.run("bundle", "import", sent)) == ["nothing_new"]
        device.run("bundle", "import", stick.for_device(server, device))
        insist_on_equality(server, device)


@promise
def files_in_any_order_repeated_lost_and_mixed_with_the_network_end_as_the_same():
    with World() as world:
        server, device = with_a_job(world)
        stick, chance = Stick(world), random.Random(7)
        up, down = [], []
        for number in range(size(12, 30, 60)):
            work(device, number)
            if chance.random() < 0.3:
                server.run("edit", "work_order", "HH-5001", f"title=title {number}")
            what = chance.choice(["up", "down", "take up", "take down", "network", "lost"])
            if what == "up":
                up.append(stick.from_device(device))
            elif what == "down":
                down.append(stick.for_device(server, device))
            elif what == "take up" and up:
                server.ask("bundle", "import", *chance.sample(up, len(up)), expect=None)
            elif what == "take down" and down:
                device.run("bundle", "import", *chance.sample(down, len(down)))
            elif what == "lost" and up:
                up.pop(chance.randrange(len(up)))
            elif what == "network":
                device.sync()
        exchange(server, device, stick)
        insist_on_equality(server, device)
        before = server.run("status", "--digests")
        for path in chance.sample(up, len(up)):
            assert results(server.run("bundle", "import", path)) == ["nothing_new"], "a bundle that came long ago changed something"
        if down:
            assert set(results(device.run("bundle", "import", *down))) == {"nothing_new"}
        assert server.run("status", "--digests")["digests"] == before["digests"]
        insist_on_equality(server, device)
        device.sync()
        insist_on_equality(server, device)


@promise
def a_bundle_in_the_place_of_one_that_was_lost_brings_what_was_in_it():
    with World() as world:
        server, device = with_a_job(world)
        stick = Stick(world)
        work(device, 1)
        stick.from_device(device).unlink()
        work(device, 2)
        assert server.run("bundle", "import", stick.from_device(device))["files"][0]["operations"] == 2
        lost = stick.for_device(server, device)
        server.run("edit", "work_order", "HH-5001", "title=another")
        later = stick.for_device(server, device)
        lost.unlink()
        device.run("bundle", "import", later)
        insist_on_equality(server, device)


@promise
def the_agent_takes_bundles_in_while_it_is_on_line():
    with World() as world:
        server, device = with_a_job(world)
        stick = Stick(world)
        device.start_agent()
        for number in range(size(3, 6, 12)):
            server.run("edit", "work_order", "HH-5001", f"title=title {number}")
            work(device, number)
            server.run("bundle", "import", stick.from_device(device))
            device.run("bundle", "import", stick.for_device(server, device))
        tap.until(lambda: device.run("link")["synced"], "the agent is in step")
        insist_on_equality(server, device)
        device.stop_agent()


@promise
def a_file_that_was_cut_changed_joined_or_appended_to_is_refused_whole():
    with World() as world:
        server, device = with_a_job(world)
        stick, chance = Stick(world), random.Random(11)
        work(device, 1)
        up = stick.from_device(device)
        server.run("edit", "work_order", "HH-5001", "title=another")
        down = stick.for_device(server, device)
        before = server.run("status", "--digests")["digests"], device.run("status", "--digests")["digests"]
        for sound, take in ((up, server.ask), (down, device.ask)):
            whole = sound.read_bytes()
            wrong = [whole[:chance.randrange(len(whole))] for _ in range(size(4, 12, 60))]
            for _ in range(size(4, 12, 60)):
                at = chance.randrange(len(whole))
                wrong.append(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1:])
            wrong += [b"", whole + b"\0", whole + whole, whole[:-1], b"no bundle at all"]
            for data in wrong:
                path = stick.path("wrong")
                path.write_bytes(data)
                answer = take("bundle", "import", path, expect=None)
                assert answer.code not in (DONE, OFFLINE) and answer.code > 0, f"{len(data)} of {len(whole)} bytes:\n{answer}"
                assert str(path) in answer.reason, answer
                path.unlink()
        assert before == (server.run("status", "--digests")["digests"], device.run("status", "--digests")["digests"])
        assert results(server.run("bundle", "import", up.rename(stick.path("renamed")))) == ["taken"]
        assert results(device.run("bundle", "import", down)) == ["taken"]
        exchange(server, device, stick)
        insist_on_equality(server, device)


def states(owner):
    return sorted(row["state"] for row in owner.run("file", "list")["files"])


@promise
def photos_go_in_the_bundle_once_and_what_does_not_fit_stays_for_the_next():
    with World() as world:
        server, device = with_a_job(world)
        stick, chance = Stick(world), random.Random(3)
        device.go_to_work()
        for number, length in enumerate((300000, 900000)):
            photo = world.dir / f"{number}.jpg"
            photo.write_bytes(b"\xff\xd8\xff" + chance.randbytes(length))
            device.run("photo", photo)
        path = stick.path("no-files")
        told = device.run("bundle", "export", path, "--files", "0")
        assert (told["files"], told["files_left"]) == (0, 2), told
        server.run("bundle", "import", path)
        assert states(server) == ["missing", "missing"]
        told = device.run("bundle", "export", stick.path("small"), "--files", "1")
        assert (told["files"], told["files_left"]) == (1, 1), told
        up = stick.from_device(device)
        for _ in range(2):
            server.run("bundle", "import", up)
        assert states(server) == ["here", "here"] and states(device) == ["to_send", "to_send"]
        device.run("bundle", "import", stick.for_device(server, device))
        assert states(device) == ["here", "here"]
        told = device.run("bundle", "export", stick.path("again"))
        assert (told["files"], told["files_left"]) == (0, 0), told
        assert server.run("verify")["files_missing"] == 0
        assert device.sync()["files_sent"] == 0
        insist_on_equality(server, device)


@promise
def photos_count_in_a_bundle_that_a_later_operation_overtook():
    with World() as world:
        server, device = with_a_job(world)
        stick = Stick(world)
        device.go_to_work()
        photo = world.dir / "pump.jpg"
        photo.write_bytes(b"\xff\xd8\xff" + random.Random(9).randbytes(100000))
        device.run("photo", photo)
        up = stick.from_device(device)
        device.run("note", "HH-5001", "one thing more")
        device.run("config", "metered", "yes")
        device.run("config", "metered_carries", "operations")
        device.sync()
        assert states(server) == ["missing"] and server.rows("note")
        server.run("bundle", "import", up)
        assert states(server) == ["here"]
        device.run("config", "metered", "no")
        device.sync()
        insist_on_equality(server, device)


@promise
def photos_of_others_come_in_the_bundle_and_are_asked_for_no_more():
    with World() as world:
        server, device = with_a_job(world)
        phone = Device.enrolled(server, ADA, "phone")
        stick, chance = Stick(world), random.Random(5)
        device.go_to_work()
        for number, length in enumerate((30000, 1200000)):
            photo = world.dir / f"{number}.jpg"
            photo.write_bytes(b"\xff\xd8\xff" + chance.randbytes(length))
            device.run("photo", photo)
        device.sync()
        path = stick.path("small")
        told = server.run("bundle", "export", "phone", path, "--files", "1")
        assert (told["files"], told["files_left"]) == (1, 1), told
        phone.run("bundle", "import", path)
        assert states(phone) == ["here", "missing"]
        server.run("bundle", "import", stick.from_device(phone))
        path = stick.path("rest")
        told = server.run("bundle", "export", "phone", path)
        assert (told["files"], told["files_left"]) == (1, 0), told
        for _ in range(2):
            phone.run("bundle", "import", path)
        assert states(phone) == ["here", "here"]
        server.run("bundle", "import", stick.from_device(phone))
        assert server.run("bundle", "export", "phone", stick.path("again"))["files"] == 0
        assert phone.sync()["files_received"] == 0
        insist_on_equality(server, phone)


@promise
def a_stick_that_is_pulled_out_while_it_is_written_holds_a_whole_bundle_or_none():
    with World() as world:
        server, device = with_a_job(world)
        stick, chance = Stick(world), random.Random(7)
        for number in range(5):
            work(device, number)
        path, whole = stick.path("pulled"), 0
        for _ in range(size(8, 20, 200)):
            path.unlink(missing_ok=True)
            process = world.start("export.log", "truckroll", "bundle", "export", path, "--dir", device.dir)
            time.sleep(chance.random() * 0.08)
            process.kill()
            process.wait()
            if path.exists():
                whole += 1
                assert server.ask("bundle", "import", path).code == DONE
        path.unlink(missing_ok=True)
        device.run("bundle", "export", path)
        assert results(server.run("bundle", "import", path)) in (["taken"], ["nothing_new"])
        assert [name for name in os.listdir(stick.dir) if name.endswith(".bundle")] == [path.name], os.listdir(stick.dir)
        exchange(server, device, stick)
        insist_on_equality(server, device)


@promise
def a_bundle_for_somebody_else_is_refused_in_plain_words():
    with World() as world:
        server, device = with_a_job(world)
        other = Device.enrolled(server, TOMAS, "other")
        strange = Server.made(world, name="strange", start=False)
        stick = Stick(world)
        up, down = stick.from_device(device), stick.for_device(server, device)
        cases = [(other.ask, down, REFUSED, "not for this one"), (device.ask, up, REFUSED, "for the office"),
                 (server.ask, down, REFUSED, "is for device"), (strange.ask, up, REFUSED, "another organisation"),
                 (device.ask, stick.dir / "nowhere", NOT_FOUND, "no such file")]
        for take, path, code, words in cases:
            answer = take("bundle", "import", path, expect=code)
            assert words in answer.reason, answer
        photo = world.dir / "photo.jpg"
        photo.write_bytes(b"a photo that nobody has twice")
        answer = server.ask("bundle", "import", photo, expect=CORRUPT)
        assert "not a bundle" in answer.reason and [row["device"] for row in answer.json["files"]] == [""], str(answer)
        assert "not a bundle" in device.ask("bundle", "export", photo, expect=REFUSED).reason
        assert "not a bundle" in server.ask("bundle", "export", "tablet", photo, expect=REFUSED).reason
        assert photo.read_bytes() == b"a photo that nobody has twice"


@promise
def a_bundle_takes_the_place_of_no_pipe_link_or_device():
    with World() as world:
        server, device = with_a_job(world)
        os.mkfifo(world.dir / "pipe")
        (world.dir / "empty").touch()
        (world.dir / "link").symlink_to(world.dir / "empty")
        (world.dir / "dangling").symlink_to(world.dir / "nowhere")
        kinds = {name: os.lstat(world.dir / name).st_mode for name in ("pipe", "link", "dangling")}
        for name, kind in kinds.items():
            for ask, words in ((device.ask, ()), (server.ask, ("tablet",))):
                assert "no ordinary file" in ask("bundle", "export", *words, world.dir / name, expect=REFUSED).reason
            assert os.lstat(world.dir / name).st_mode == kind, name
        assert (world.dir / "empty").read_bytes() == b"" and not (world.dir / "nowhere").exists()
        device.run("bundle", "export", world.dir / "empty")


@promise
def a_server_that_was_restored_in_between_gets_back_what_devices_have_by_files():
    with World() as world:
        server, device = with_a_job(world)
        stick = Stick(world)
        work(device, 1)
        exchange(server, device, stick)
        server.stop()
        backup = world.dir / "backup"
        shutil.copytree(server.dir, backup)
        server.start()
        for number in (2, 3):
            work(device, number)
        exchange(server, device, stick)
        stale = stick.for_device(server, device)
        server.stop()
        shutil.rmtree(server.dir)
        shutil.copytree(backup, server.dir)
        server.start(options=["--accept-loss"])
        work(device, 4)
        answer = server.ask("bundle", "import", stick.from_device(device), expect=REFUSED)
        assert "missing" in answer.reason, answer
        device.run("bundle", "import", stick.for_device(server, device))
        exchange(server, device, stick)
        insist_on_equality(server, device)
        assert len([o for o in server.log_of_operations() if o["kind"] == "add_note"]) == 4, server.log_of_operations()
        assert device.ask("bundle", "import", stale, expect=REFUSED)
        insist_on_equality(server, device)


@promise
def what_neither_side_has_any_more_is_told_to_the_office_by_the_next_bundle():
    with World() as world:
        server, device = with_a_job(world)
        stick = Stick(world)
        (world.dir / "backups").mkdir()
        work(device, 1)
        exchange(server, device, stick)
        server.stop()
        shutil.copytree(server.dir, world.dir / "old")
        server.start()
        for number in (2, 3, 4):
            work(device, number)
        exchange(server, device, stick)
        server.run("backup", world.dir / "backups")
        exchange(server, device, stick)  # lets go of what the backup holds
        work(device, 5)
        server.stop()
        shutil.rmtree(server.dir)
        shutil.copytree(world.dir / "old", server.dir)  # an older one than the newest
        server.start(options=["--accept-loss"])
        device.ask("bundle", "import", stick.for_device(server, device), expect=REFUSED)
        up = stick.from_device(device)
        for _ in range(2):
            server.run("bundle", "import", up)
        device.run("bundle", "import", stick.for_device(server, device))
        exchange(server, device, stick)
        gap, = [row for row in server.incidents() if row["kind"] == "gap"]
        assert (gap["device"], gap["count"]) == ("tablet", 1) and "2-3" in gap["words"], gap
        insist_on_equality(server, device)
        assert sorted(note["text"][:6] for note in server.rows("note")) == ["note 1", "note 4", "note 5"]


@promise
def a_device_that_was_put_back_from_a_copy_goes_on_by_files_and_nothing_comes_twice():
    with World() as world:
        server, device = with_a_job(world)
        stick = Stick(world)
        work(device, 1)
        copy = world.dir / "copy"
        shutil.copytree(device.dir, copy)
        work(device, 2)
        server.run("bundle", "import", stick.from_device(device))
        old = stick.for_device(server, device)
        shutil.rmtree(device.dir)
        shutil.copytree(copy, device.dir)
        work(device, 3)
        device.ask("bundle", "import", old, expect=None)
        exchange(server, device, stick)
        device.run("bundle", "import", stick.for_device(server, device))
        insist_on_equality(server, device)
        texts = sorted(note["text"] for note in server.rows("note") if note["text"].startswith("note "))
        assert texts == [f"note {number} of tablet" for number in (1, 2, 3)], texts


@promise
def a_revoked_device_may_still_hand_in_a_bundle_and_a_stolen_one_is_sent_nothing():
    with World() as world:
        server, device = with_a_job(world)
        stick = Stick(world)
        work(device, 1)
        up = stick.from_device(device)
        server.run("device", "revoke", device.id)
        assert server.run("bundle", "import", up)["files"][0]["operations"] == 1
        device.run("bundle", "import", stick.for_device(server, device))
        server.run("device", "revoke", device.id, "--stolen")
        answer = server.ask("bundle", "export", device.id, stick.path("stolen"), expect=REFUSED)
        assert "nothing is sent" in answer.reason, answer


@promise
def a_full_or_a_read_only_stick_is_told_in_plain_words_and_leaves_no_half_file():
    with World() as world:
        server, device = with_a_job(world)
        place = world.dir / "small"
        place.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", place], capture_output=True)
        if made.returncode != 0:
            raise Skip("mounting is not permitted here")
        world.undo.append(lambda: subprocess.run(["umount", "-l", place], capture_output=True))
        fill(place / "other")
        for take, words in ((device.ask, ["x.bundle"]), (server.ask, ["tablet", "y.bundle"])):
            answer = take("bundle", "export", *words[:-1], place / words[-1], expect=CANNOT_WRITE)
            assert "full" in answer.reason, answer
            assert os.listdir(place) == ["other"], os.listdir(place)
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        answer = device.ask("bundle", "export", place / "z.bundle", expect=CANNOT_WRITE)
        assert "read-only" in answer.reason, answer
        work(device, 1)
        exchange(server, device, Stick(world))
        insist_on_equality(server, device)


def run_apart():
    """Starts this file again where it may mount without anybody else seeing it."""
    probe = ["unshare", "-m", "--propagation", "private", "true"]
    if os.environ.get("TRUCKROLL_APART") or subprocess.run(probe, capture_output=True).returncode != 0:
        return
    os.environ["TRUCKROLL_APART"] = "1"
    os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv])


if __name__ == "__main__":
    run_apart()
    tap.main()
