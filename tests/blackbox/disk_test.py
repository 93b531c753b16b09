#!/usr/bin/env python3
"""A full disk and a directory that cannot be written. Runs in a mount namespace of its own; skipped where that is not permitted."""
import os
import shutil
import sqlite3
import subprocess
import sys

import tap
from equal import insist_on_equality
from harness import CANNOT_WRITE, OFFLINE, Device, Server, World, fill, with_a_job
from oracle import Told, write_note
from slow_cut import SlowCut, is_in_step
from tap import Skip, promise, until

ADA = "Ada Brannock"
INSIDE = "TRUCKROLL_IN_NAMESPACE"


def need_namespace():
    if os.environ.get(INSIDE) != "1":
        raise Skip("mounting is not permitted here")


def mount(*words):
    subprocess.run(["mount", *[str(word) for word in words]], check=True, capture_output=True)


def unmount(path):
    subprocess.run(["umount", "-l", str(path)], capture_output=True)


def small_disk(world, path, megabytes):
    path.mkdir(mode=0o700)
    mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", path)
    world.undo.append(lambda: unmount(path))


@promise
def on_a_full_disk_the_device_saves_into_its_reserve_then_refuses_with_a_sentence_and_loses_nothing_it_called_saved():
    need_namespace()
    with World() as world:
        server = Server.made(world)
        small_disk(world, world.dir / "tablet", 8)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        told = Told()
        write_note(device, told)
        assert (device.dir / "reserve").stat().st_size == 1 << 20
        fill(device.dir / "filler")
        for _ in range(20):
            assert told.texts[write_note(device, told)], "the reserve was not given up"
        assert not (device.dir / "reserve").exists()
        refused = 0
        for _ in range(400):
            answer = device.ask("note", "HH-5001", told.next_text(), expect=None)
            if answer.code == 0:
                told.texts[f"note {told.serial} of the oracle"] = answer.json["operation"]
                continue
            assert answer.code == CANNOT_WRITE and "full" in answer.reason, str(answer)
            refused += 1
            if refused == 3:
                break
        assert refused == 3, "the disk was never full"
        assert device.run("today")["visits"], "reading stopped"
        (device.dir / "filler").unlink()
        assert told.texts[write_note(device, told)], "there is room again"
        assert (device.dir / "reserve").exists(), "it was not made again"
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)


@promise
def a_large_cut_that_finds_no_room_is_taken_in_when_there_is_and_what_is_saved_meanwhile_is_kept():
    need_namespace()
    with World() as world:
        server = Server.made(world)
        small_disk(world, world.dir / "tablet", 48)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        slow = SlowCut(world, 5000, (server, device))
        slow.reach()
        fill(device.dir / "filler")
        slow.save(3)
        until(lambda: "full" in (world.dir / device.log).read_text(), "the cut fails", 60)
        assert not is_in_step(device)
        (device.dir / "filler").unlink()
        until(lambda: is_in_step(device), "all is settled", 120)
        device.stop_agent()
        slow.judge()


def photo(world, device, expect=0):
    path = world.dir / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff" + os.urandom(200000))
    return device.ask("photo", path, expect=expect)


@promise
def where_a_device_has_no_room_for_a_file_the_photo_is_refused_with_a_sentence_and_work_goes_on():
    need_namespace()
    with World() as world:
        server, device = with_a_job(world)
        device.go_to_work()
        device.sync()
        small_disk(world, device.dir / "blobs", 8)
        answer = photo(world, device, CANNOT_WRITE)
        assert "free some space" in answer.reason, answer
        told = Told()
        assert told.texts[write_note(device, told)]
        told = device.sync()
        assert told["files_sent"] == 0, told
        mount("-o", "remount,size=100m", device.dir / "blobs")
        photo(world, device)
        assert device.sync()["files_sent"] == 1
        assert [row["state"] for row in server.run("file", "list")["files"]] == ["here"]
        insist_on_equality(server, device)


@promise
def where_the_server_has_no_room_for_a_file_its_row_is_there_and_the_file_follows_when_there_is():
    need_namespace()
    with World() as world:
        server, device = with_a_job(world)
        device.go_to_work()
        small_disk(world, server.dir / "blobs", 8)
        photo(world, device)
        answer = device.ask("sync", expect=None)
        assert answer.json["files_sent"] == 0 and answer.json["files_stuck"] == 1 and answer.json["pending"] == 0, answer
        assert [row["state"] for row in server.run("file", "list")["files"]] == ["missing"]
        assert [row["state"] for row in device.run("file", "list")["files"]] == ["to_send"]
        mount("-o", "remount,size=100m", server.dir / "blobs")
        assert device.sync()["files_sent"] == 1
        assert server.run("verify")["files_missing"] == 0
        insist_on_equality(server, device)


@promise
def on_a_full_disk_the_server_acknowledges_nothing_goes_on_serving_and_recovers_by_itself():
    need_namespace()
    with World() as world:
        small_disk(world, world.dir / "org", 16)
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        told = Told()
        fill(server.dir / "filler")
        for _ in range(200):
            write_note(device, told)
        answer = device.ask("sync", "--wait", "2", expect=None)
        refused = server.ask("note", "HH-5001", "from the office", expect=None)
        for _ in range(50):
            if refused.code != 0:
                break
            refused = server.ask("note", "HH-5001", "from the office " + "x" * 3000, expect=None)
        assert refused.code == CANNOT_WRITE and "full" in refused.reason, str(refused)
        assert server.process.poll() is None, "the server ended"
        assert server.run("status")["serving"]
        if answer.code == OFFLINE:
            settled = {o["operation"] for o in device.run("outbox", "--all")["operations"]} - {
                o["operation"] for o in device.run("outbox")["operations"]}
            log = {o["id"] for o in server.log_of_operations()}
            assert settled <= log, "acknowledged, and not there"
        (server.dir / "filler").unlink()
        until(lambda: device.ask("sync", "--wait", "10", expect=None).code == 0, "the server takes operations again")
        insist_on_equality(server, device)
        texts = [row["text"] for row in server.rows("note") if not row["text"].startswith("from the office")]
        assert sorted(texts) == sorted(told.texts), "notes were lost or doubled"


def refused_for_want_of_room(server, *words):
    """Once the room that the log still has is used up."""
    for _ in range(60):
        answer = server.ask(*words, expect=None)
        if answer.code != 0:
            break
    assert answer.code == CANNOT_WRITE and "full" in answer.reason, f"exit code {answer.code}: {answer.reason or answer.out[:300]}"


@promise
def on_a_full_disk_a_server_starts_reads_and_serves_rows_and_refuses_only_what_must_be_written():
    need_namespace()
    with World() as world:
        small_disk(world, world.dir / "org", 8)
        server = Server.made(world)
        ada, tomas = Device.enrolled(server, ADA, "ada"), Device.enrolled(server, "Tomas Hale", "tomas")
        server.book("HH-5001", ADA)
        server.book("HH-5004", "Tomas Hale")
        ada.sync()
        ada.run("note", "HH-5001", "while the server's disk was full")
        for end in (server.stop, server.kill):
            end()
            (server.dir / "lock").unlink()
            fill(server.dir / "filler")
            for words in (("status",), ("list", "work_order"), ("outcomes",), ("verify",)):
                server.run(*words)
            refused_for_want_of_room(server, "note", "HH-5001", "x" * 3900)
            server.start()
            assert server.run("status")["serving"]
            for words in (("list", "work_order"), ("outcomes",), ("verify",)):
                server.run(*words)
            refused_for_want_of_room(server, "note", "HH-5001", "x" * 3900)
            refused_for_want_of_room(server, "device", "invite", "--technician", ADA)
            tomas.sync()
            assert tomas.run("today")["visits"], "no rows came"
            assert ada.ask("sync", "--wait", "2", expect=None).code == OFFLINE
            assert ada.run("outbox")["operations"], "acknowledged, and not written"
            assert server.process.poll() is None, "the server ended"
            (server.dir / "filler").unlink()
        until(lambda: ada.ask("sync", "--wait", "10", expect=None).code == 0, "the server takes operations again")
        tomas.sync()
        insist_on_equality(server, ada, tomas)
        assert [row["text"] for row in server.rows("note")].count("while the server's disk was full") == 1
        server.verify()


def small_blocks(world, path, megabytes):
    """A file system of 1 KiB blocks, as small disks have."""
    image = world.dir / f"{path.name}.img"
    image.write_bytes(bytes(megabytes << 20))
    try:
        subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "1024", "-m", "0", str(image)], check=True, capture_output=True)
        path.mkdir()
        mount("-o", "loop", image, path)
    except (OSError, subprocess.CalledProcessError):
        raise Skip("a file system in a file cannot be made or mounted here") from None
    world.undo.append(lambda: unmount(path))
    path.chmod(0o700)
    (path / "lost+found").rmdir()


@promise
def on_a_full_disk_of_small_blocks_every_command_works_or_is_refused_with_a_sentence():
    need_namespace()
    with World() as world:
        small_blocks(world, world.dir / "org", 12)
        small_blocks(world, world.dir / "tablet", 8)
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        device.sync()
        server.stop()
        for place, words in ((server, ("status",)), (server, ("list", "work_order")), (server, ("serve",)), (device, ("today",)), (device, ("sync",))):
            fill(place.dir / "filler")
            answer = place.ask(*words, expect=None, before=("timeout", "5"))
            assert answer.code in (0, 124) or (answer.code == CANNOT_WRITE and "full" in answer.reason), str(answer)
            (place.dir / "filler").unlink()
        server.start()
        device.sync()
        insist_on_equality(server, device)


@promise
def in_a_read_only_directory_every_command_works_or_is_refused_with_a_sentence_and_nothing_is_lost():
    need_namespace()
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        server.stop()
        for place in (device.dir, server.dir):
            for path in place.glob("*.db"):
                db = sqlite3.connect(path)
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                db.close()
            mount("--bind", place, place)
            world.undo.append(lambda place=place: unmount(place))
            mount("-o", "remount,bind,ro", place)
        answer = device.ask("note", "HH-5001", "x", expect=None)
        assert answer.code == CANNOT_WRITE and str(device.dir) in answer.reason, str(answer)
        answer = server.ask("note", "HH-5001", "x", expect=None)
        assert answer.code == CANNOT_WRITE and str(server.dir) in answer.reason, str(answer)
        for place, words in ((device, ("today",)), (device, ("outbox",)), (server, ("list", "work_order")), (device, ("sync",)), (server, ("serve",))):
            answer = place.ask(*words, expect=None)
            assert answer.code == 0 or (answer.code == CANNOT_WRITE and str(place.dir) in answer.reason), str(answer)
        for place in (device.dir, server.dir):
            unmount(place)
        server.start()
        assert device.run("note", "HH-5001", "it can be written again")["saved"]
        device.sync()
        insist_on_equality(server, device)


@promise
def a_backup_may_fill_its_disk_and_what_does_not_fit_is_told_with_its_path():
    need_namespace()
    with World() as world:
        server, place = Server.made(world), world.dir / "stick"
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        device.go_to_work()
        photo = world.dir / "photo.jpg"
        photo.write_bytes(b"\xff\xd8\xff" + os.urandom(400000))
        device.run("photo", photo)
        device.sync()
        small_disk(world, place, 32)  # less than a store keeps free for work
        backup = server.run("backup", place)["backup"]
        world.run("truckrolld", "backup", "check", backup, "--dir", server.dir, expect=0)
        world.run("truckrolld", "restore", backup, "--into", place / "restored", "--keys", server.dir, expect=0)
        world.run("truckrolld", "verify", "--dir", place / "restored", expect=0)
        shutil.rmtree(place / "restored")
        shutil.rmtree(place / "blobs")
        fill(place / "other")
        with open(place / "other", "r+b") as other:  # room for the database alone
            other.truncate(os.path.getsize(place / "other") - os.path.getsize(backup.replace(".backup", ".db")) - 300000)
        answer = server.ask("backup", place, expect=CANNOT_WRITE)
        assert str(place) in answer.reason and "full" in answer.reason, str(answer)
        assert not [path for path in (place / "blobs").rglob("*") if path.is_file()], "what did not fit is gone"
        (place / "other").unlink()
        world.run("truckrolld", "backup", "check", server.run("backup", place)["backup"], "--dir", server.dir, expect=0)


def enter_namespace():
    """Starts this file again where it may mount without anybody else seeing it."""
    if os.environ.get(INSIDE) is not None:
        return
    probe = ["unshare", "-m", "--propagation", "private", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
    try:
        permitted = os.geteuid() == 0 and subprocess.run(probe, capture_output=True).returncode == 0
    except OSError:
        permitted = False
    environment = dict(os.environ, **{INSIDE: "1" if permitted else "0"})
    before = ["unshare", "-m", "--propagation", "private"] if permitted else []
    words = [*before, sys.executable, *sys.argv]
    os.execvpe(words[0], words, environment)


if __name__ == "__main__":
    enter_namespace()
    tap.main()
