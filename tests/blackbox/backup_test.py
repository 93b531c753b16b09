#!/usr/bin/env python3
"""Backups of the server while it works, and what is put back from them."""
import os
import random
import shutil
import signal
import sqlite3
import threading
import time

import tap
from equal import insist_on_equality
from harness import CANNOT_WRITE, CORRUPT, NOT_FOUND, REFUSED, Device, Server, World, end
from oracle import Told, write_note
from tap import promise, size, tell

ADA, TOMAS, ORDER, OTHER = "Ada Brannock", "Tomas Hale", "HH-5001", "HH-5002"


def photo(world, name, seed):
    path = world.dir / name
    path.write_bytes(b"\xff\xd8\xff" + random.Random(seed).randbytes(20000))
    return path


def states(server):
    return [row["state"] for row in server.run("file", "list")["files"]]


def backups_in(world, folder):
    return world.run("truckrolld", "backup", "list", folder, "--json", expect=0).json["backups"]


def put_back(server, backup, name="restored", **options):
    """The same server, in another directory and on the same port."""
    restored = Server(server.world, name)
    restored.port, restored.kept = server.port, server.world.run(
        "truckrolld", "restore", backup, "--into", restored.dir, "--keys", server.dir, "--json", **{"expect": 0, **options})
    return restored


def no_organisation_in(folder):
    return not (folder / "organisation.db").exists()


class Writer(threading.Thread):
    """Writes notes on one device until it is told to stop."""

    def __init__(self, device, told, order):
        super().__init__(daemon=True)
        self.device, self.told, self.order, self.stopped, self.failure = device, told, order, False, None

    def run(self):
        try:
            while not self.stopped:
                write_note(self.device, self.told, self.order)
        except Exception as failure:  # told to the test at the end
            self.failure = failure

    def end(self):
        self.stopped = True
        self.join()
        assert self.failure is None, self.failure


@promise
def a_backup_made_under_load_is_put_back_and_the_devices_send_again_what_it_lacks():
    with World() as world:
        server = Server.made(world)
        devices = [Device.enrolled(server, ADA, "tablet"), Device.enrolled(server, TOMAS, "phone")]
        folder = world.dir / "backups"
        folder.mkdir()
        for name, order in ((ADA, ORDER), (TOMAS, OTHER)):
            server.book(order, name)
        told = [Told("a"), Told("b")]
        for device in devices:
            device.sync()
            device.start_agent()
        writers = [Writer(*all) for all in zip(devices, told, (ORDER, OTHER))]
        for writer in writers:
            writer.start()
        made = []
        for _ in range(size(2, 3, 20)):
            made.append(server.run("backup", folder))
            time.sleep(0.3)
        for writer in writers:
            writer.end()
        for device in devices:
            device.stop_agent()
            device.sync()
        server.run("note", ORDER, "the office's, lost with the backup")
        assert [row["commit"] for row in backups_in(world, folder)] == [answer["commit"] for answer in made]
        assert server.run("status")["backup_commit"] == made[-1]["commit"]
        before = len(server.log_of_operations())
        server.kill()
        restored = put_back(server, made[-1]["backup"])
        restored.start()
        tell(f"{before} operations before the loss, {len(restored.log_of_operations())} in the backup")
        for device in (*devices, *devices):
            device.sync()
        restored.verify()
        insist_on_equality(restored, *devices)
        told[0].texts.update(told[1].texts)
        told[0].judge(restored)
        assert [row["kind"] for row in restored.incidents() if row["kind"] == "loss_accepted"]


@promise
def what_is_killed_is_no_backup_and_the_next_one_removes_it():
    with World() as world:
        server = Server.made(world)
        folder, dice = world.dir / "backups", random.Random(7)
        folder.mkdir()
        began = time.monotonic()
        server.run("backup", folder)
        whole, checked = time.monotonic() - began, set()
        for _ in range(size(4, 12, 200)):
            process = world.start("backup.log", "truckrolld", "backup", folder, "--dir", server.dir, start_new_session=True)
            time.sleep(dice.uniform(0, 1.1 * whole))
            end(process, signal.SIGKILL)
            for row in backups_in(world, folder):
                assert not row["trouble"], row
                if row["backup"] not in checked:
                    world.run("truckrolld", "backup", "check", row["backup"], "--dir", server.dir, expect=0)
                    checked.add(row["backup"])
        for backup in checked:
            world.run("truckrolld", "backup", "check", backup, "--dir", server.dir, expect=0)
        server.run("backup", folder)
        left = {path.name.split(".")[0] for path in folder.iterdir() if path.name not in ("lock", "blobs")}
        listed = {os.path.basename(row["backup"]).split(".")[0] for row in backups_in(world, folder)}
        assert left == listed, f"{left ^ listed} of {sorted(path.name for path in folder.iterdir())}"
        assert len([path for path in folder.iterdir() if path.is_file()]) == 3 * len(left) + 1, sorted(folder.iterdir())
        server.verify()


@promise
def a_backup_removes_only_what_another_one_left_and_lists_what_is_not_whole():
    with World() as world:
        server = Server.made(world, start=False)
        folder = world.dir / "backups"
        folder.mkdir()
        made = os.path.basename(server.run("backup", folder)["backup"]).removesuffix(".backup")
        coming, alone, drafts, cut = (f"20200101T00000{number}Z-1" for number in range(4))
        theirs = [f"{made}.backup.sha256", f"{made}.db.gpg", f"{made}.txt", f"{coming}.db", f"{coming}.files", f"{coming}.db.sha256",
                  f"{alone}.files", "20200101T000009Z-old.db", "notes.txt"]
        left = [f"{drafts}.db.part", f"{drafts}.db.part-journal", f"{drafts}.files.part", f"{drafts}.backup.part.aB3xYz",
                f"{cut}.db", f"{cut}.files.part", f"{cut}.backup.part"]
        for name in (*theirs, *left):
            (folder / name).write_text(name)
        for suffix in (".db", ".files"):
            shutil.copy(folder / (made + suffix), folder / (coming + suffix))
        shown = {os.path.basename(row["backup"]): row["trouble"] or "" for row in backups_in(world, folder)}
        assert list(shown) == [f"{coming}.backup", f"{alone}.backup", f"{made}.backup"] and not shown[f"{made}.backup"], shown
        assert "is missing" in shown[f"{coming}.backup"] and "is missing" in shown[f"{alone}.backup"], shown
        server.run("backup", folder)
        there = {path.name for path in folder.iterdir()}
        assert not set(theirs) - there and not set(left) & there, sorted(there)
        shutil.copy(folder / f"{made}.backup", folder / f"{coming}.backup")
        world.run("truckrolld", "backup", "check", folder / f"{coming}.backup", "--dir", server.dir, expect=0)


def spoil(path):
    """Turns one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def at_a_visit(world):
    """An office that serves, a device whose technician is at a visit, and a folder for backups."""
    server = Server.made(world)
    server.book(ORDER, ADA)
    device = Device.enrolled(server, ADA, "tablet")
    device.sync()
    device.go_to_work()
    folder = world.dir / "backups"
    folder.mkdir()
    return server, device, folder


@promise
def a_backup_that_was_damaged_or_changed_is_refused_and_nothing_is_put_back():
    with World() as world:
        server, device, folder = at_a_visit(world)
        device.run("photo", photo(world, "a.jpg", 1))
        device.sync()
        made = server.run("backup", folder)
        assert made["files"] == 1 and made["files_copied"] == 1, made
        stem = made["backup"].removesuffix(".backup")
        blob, = [path for path in (folder / "blobs").rglob("*") if path.is_file()]
        for name in (f"{stem}.backup", f"{stem}.db", f"{stem}.files", str(blob)):
            path = type(folder)(name)
            good = path.read_bytes()
            spoil(path)
            for words in (("backup", "check", made["backup"], "--dir", server.dir),
                          ("restore", made["backup"], "--into", world.dir / "new", "--keys", server.dir),
                          ("restore", made["backup"], "--into", world.dir / "new", "--keys", server.dir, "--dry-run")):
                answer = world.run("truckrolld", *words)
                assert answer.code == CORRUPT and os.path.basename(name)[:16] in answer.err, str(answer)
                assert no_organisation_in(world.dir / "new"), name
            path.unlink()
            answer = world.run("truckrolld", "backup", "check", made["backup"], "--dir", server.dir)
            assert answer.code in (CORRUPT, NOT_FOUND), str(answer)
            path.write_bytes(good)
        world.run("truckrolld", "backup", "check", made["backup"], "--dir", server.dir, expect=0)


@promise
def a_restore_overwrites_nothing_needs_the_servers_keys_and_tries_without_writing():
    with World() as world:
        server, other = Server.made(world), Server.made(world, name="other", start=False)
        folder, new = world.dir / "backups", world.dir / "new"
        answer = server.ask("backup", folder, expect=NOT_FOUND)
        assert "is there" in answer.reason and server.run("status")["backup_at"] is None, str(answer)
        folder.mkdir()
        backup = server.run("backup", folder)["backup"]
        for words, code, why in ((("--into", other.dir, "--keys", server.dir), REFUSED, "never takes the place"),
                                 (("--into", new), NOT_FOUND, "server.keys"),
                                 (("--into", new, "--keys", other.dir), REFUSED, "do not belong together")):
            for more in ((), ("--dry-run",)):
                answer = world.run("truckrolld", "restore", backup, *words, *more)
                assert answer.code == code and why in answer.err, str(answer)
        world.run("truckrolld", "restore", backup, "--into", new, "--keys", server.dir, "--dry-run", expect=0)
        assert not new.exists()
        answer = other.ask("backup", "tell", (world.dir / backup).read_text(), expect=REFUSED)
        assert "do not belong together" in answer.reason, str(answer)
        new.mkdir()
        for name in ("server.keys", "root.key"):  # put there by hand
            shutil.copy(server.dir / name, new / name)
        answer = world.run("truckrolld", "restore", backup, "--into", new, "--json", expect=0).json
        assert answer["epoch"] != server.run("status")["epoch"]
        world.run("truckrolld", "verify", "--dir", new, expect=0)


@promise
def a_restore_takes_the_place_of_no_keys_and_takes_none_of_another_organisation():
    with World() as world:
        server, other = Server.made(world), Server.made(world, name="other", start=False)
        folder, new, mixed = world.dir / "backups", world.dir / "new", world.dir / "mixed"
        folder.mkdir()
        mixed.mkdir()
        backup = server.run("backup", folder)["backup"]
        for path in other.dir.glob("organisation.db*"):
            path.rename(world.dir / path.name)
        keys = {name: (other.dir / name).read_bytes() for name in ("server.keys", "root.key")}
        shutil.copy(server.dir / "server.keys", mixed)
        shutil.copy(other.dir / "root.key", mixed)
        for more in (("--dry-run",), ()):
            answer = world.run("truckrolld", "restore", backup, "--into", other.dir, "--keys", server.dir, *more, expect=REFUSED)
            assert "takes the place of no keys" in answer.err, str(answer)
            answer = world.run("truckrolld", "restore", backup, "--into", new, "--keys", mixed, *more, expect=REFUSED)
            assert "another organisation's" in answer.err and not new.exists(), str(answer)
        (other.dir / "server.keys").rename(world.dir / "moved keys")  # a root key alone is as dear
        world.run("truckrolld", "restore", backup, "--into", other.dir, "--keys", server.dir, expect=REFUSED)
        (world.dir / "moved keys").rename(other.dir / "server.keys")
        assert keys == {name: (other.dir / name).read_bytes() for name in keys} and no_organisation_in(other.dir)
        new.mkdir()
        for name in keys:  # as of a restore that was broken off
            shutil.copy(server.dir / name, new / name)
        world.run("truckrolld", "restore", backup, "--into", new, "--keys", server.dir, expect=0)


@promise
def a_backup_is_not_made_in_the_folder_of_the_organisation():
    with World() as world:
        server = Server.made(world)
        (server.dir / "blobs" / "in").mkdir(parents=True)
        (server.dir / "own").mkdir()
        (world.dir / "link").symlink_to(server.dir / "own")
        before = sorted(server.dir.rglob("*.backup*"))
        for folder in (server.dir, server.dir / "blobs", server.dir / "blobs" / "in", server.dir / "own", world.dir / "link"):
            assert "would be lost with it" in server.ask("backup", folder, expect=REFUSED).reason
        assert sorted(server.dir.rglob("*.backup*")) == before == []


@promise
def photos_are_in_the_backup_once_and_devices_send_again_those_it_lacks():
    with World() as world:
        server, device, folder = at_a_visit(world)
        device.run("photo", photo(world, "a.jpg", 1))
        device.sync()
        made = [server.run("backup", folder), server.run("backup", folder)]
        assert [(answer["files"], answer["files_copied"]) for answer in made] == [(1, 1), (1, 0)], made
        device.run("photo", photo(world, "b.jpg", 2))
        device.sync()
        assert states(server) == ["here", "here"]
        server.kill()
        restored = put_back(server, made[-1]["backup"])
        restored.start()
        assert states(restored) == ["here"]
        device.sync()
        assert states(restored) == ["here", "here"], states(restored)
        insist_on_equality(restored, device)


@promise
def a_damaged_photo_keeps_nothing_else_out_of_the_backup():
    with World() as world:
        server, device, folder = at_a_visit(world)
        for number in (1, 2):
            device.run("photo", photo(world, f"{number}.jpg", number))
        device.sync()
        rotten = sorted((server.dir / "blobs").glob("??/??/*"))[0]
        content = bytearray(rotten.read_bytes())
        content[100] ^= 1
        rotten.write_bytes(content)
        said = server.ask("backup", folder, expect=CORRUPT)
        assert "damaged files of this server: 1;" in said.reason, said
        made, = server.run("backup", "list", folder)["backups"]
        assert made["files"] == 1, made
        server.run("backup", "check", made["backup"])
        assert server.run("status")["backup_commit"] > 0


@promise
def a_backup_makes_a_copy_that_was_cut_short_anew_and_keeps_the_one_that_is_whole():
    with World() as world:
        server, device, folder = at_a_visit(world)
        device.run("photo", photo(world, "a.jpg", 1))
        device.sync()
        server.run("backup", folder)
        (here,), (kept,) = (sorted((place / "blobs").glob("??/??/*")) for place in (server.dir, folder))
        whole = here.read_bytes()
        kept.write_bytes(whole[:10])
        assert server.run("backup", folder)["files_copied"] == 1 and kept.read_bytes() == whole
        here.write_bytes(b"")
        made = server.run("backup", folder)
        assert made["files"] == 1 and kept.read_bytes() == whole, "the one that is whole was given up for the one that is not"
        server.run("backup", "check", made["backup"])
        here.write_bytes(whole)
        kept.unlink()
        kept.mkdir()
        said = server.ask("backup", folder, expect=CANNOT_WRITE)
        assert str(kept) in said.reason and "remove it" in said.reason, said
        kept.rmdir()
        assert server.run("backup", folder)["files_copied"] == 1


@promise
def status_and_metrics_tell_how_old_the_newest_backup_is():
    with World() as world:
        server = Server.made(world, start=False)
        folder = world.dir / "backups"
        folder.mkdir()
        assert "no backup yet" in server.ask("status").err and server.run("metrics")["backup_age_seconds"] == -1
        server.run("backup", folder)
        assert not server.ask("status").err and 0 <= server.run("metrics")["backup_age_seconds"] < 1000
        with sqlite3.connect(server.dir / "organisation.db") as db:
            db.execute("UPDATE meta SET backup_at_ms = backup_at_ms - 27 * 3600 * 1000")
        db.close()
        answer = server.ask("status")
        assert "newest backup" in answer.err and "truckrolld backup" in answer.err, str(answer)


if __name__ == "__main__":
    tap.main()
