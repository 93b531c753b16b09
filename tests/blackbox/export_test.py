#!/usr/bin/env python3
"""Bundles are written beside the work, and taken in bit by bit: the server and the agent go on meanwhile, and whoever is killed leaves nothing
half."""
import os
import pathlib
import random
import signal
import time

import tap
from equal import insist_on_equality
from failing_syncs import need_strace
from harness import DONE, PATIENCE, Device, World, kill_quietly, with_a_job
from tap import promise, size, until

PHOTOS, PHOTO_BYTES = 3, 8 << 20


def take_photos(device, count=PHOTOS, length=PHOTO_BYTES):
    device.go_to_work()
    chance = random.Random(length)
    for number in range(count):
        photo = device.world.dir / f"{number}.jpg"
        photo.write_bytes(b"\xff\xd8\xff" + chance.randbytes(length))
        device.run("photo", photo)


def states(owner):
    return sorted(row["state"] for row in owner.run("file", "list")["files"])


def writer_in(folder):
    """The process that has a file open in the folder, or None."""
    for process in pathlib.Path("/proc").iterdir():
        try:
            opened = [os.readlink(path) for path in (process / "fd").iterdir()] if process.name.isdigit() else []
        except OSError:
            continue  # it ended meanwhile
        if any(path.startswith(f"{folder}/") for path in opened):
            return int(process.name)
    return None


class Held:
    """An export that stands still in the middle: whichever process writes its file was stopped."""

    def __init__(self, owner, *words):
        self.owner, self.world = owner, owner.world
        self.path = self.world.dir / "stick" / f"for-{owner.dir.name}.bundle"
        self.path.parent.mkdir(exist_ok=True)
        keys = ["--keys", owner.keys] if isinstance(owner, Device) else []
        self.words = [owner.program, "bundle", "export", *words, self.path, "--dir", owner.dir, *keys]
        until(self.try_to_stop, "it was stopped while it was writing", PATIENCE * 4)

    def try_to_stop(self):
        self.path.unlink(missing_ok=True)
        self.process = self.world.start("export.log", *self.words)
        while self.process.poll() is None and not os.listdir(self.path.parent):
            pass
        self.writer = writer_in(self.path.parent)
        if self.writer is None:
            self.process.wait()
            return False
        os.kill(self.writer, signal.SIGSTOP)
        self.world.undo.append(lambda pid=self.writer: kill_quietly(pid))
        if self.stands():
            return True
        self.go_on()
        return False

    def stands(self):
        return self.process.poll() is None and os.listdir(self.path.parent) not in ([], [self.path.name])

    def go_on(self):
        os.kill(self.writer, signal.SIGCONT)
        assert self.process.wait(timeout=PATIENCE * 4) == DONE, (self.world.dir / "export.log").read_text()


@promise
def a_command_and_a_device_do_not_wait_for_a_bundle_that_the_server_writes():
    with World() as world:
        server, device = with_a_job(world)
        take_photos(device)
        device.sync()
        phone = Device.enrolled(server, "Ada Brannock", "phone")
        held = Held(server, "phone")
        server.run("status")
        server.run("edit", "work_order", "HH-5001", "title=while it was written")
        device.run("note", "HH-5001", "while it was written")
        device.sync()
        assert held.stands(), "it was written meanwhile"
        held.go_on()
        phone.run("bundle", "import", held.path)
        assert states(phone) == ["here"] * PHOTOS
        assert phone.run("today") and "while it was written" not in phone.ask("show", "HH-5001").out
        phone.sync()
        insist_on_equality(server, phone)


@promise
def the_technician_and_the_link_do_not_wait_for_a_bundle_that_the_device_writes():
    with World() as world:
        server, device = with_a_job(world)
        server.stop()
        take_photos(device)
        device.start_agent()
        held = Held(device)
        device.run("note", "HH-5001", "while it was written")
        server.start()
        device.run("link", "--now")
        until(lambda: device.run("link")["synced"], "the agent is in step", PATIENCE)
        assert held.stands(), "it was written meanwhile"
        held.go_on()
        until(lambda: device.run("outbox")["operations"] == [], "all is settled", PATIENCE)
        assert [file["result"] for file in server.run("bundle", "import", held.path)["files"]] == ["nothing_new"]
        device.stop_agent()
        insist_on_equality(server, device)


@promise
def a_command_and_a_device_do_not_wait_for_a_bundle_that_the_server_takes_in():
    need_strace()
    with World() as world:
        server, device = with_a_job(world)
        server.stop()
        take_photos(device)
        path = world.dir / "up.bundle"
        device.run("bundle", "export", path)
        server.start()
        tracer = world.start("import.log", "truckrolld", "bundle", "import", path, "--dir", server.dir,
                             before=["strace", "-o", world.dir / "trace", "-e", "trace=connect", "-e", "inject=connect:signal=SIGSTOP:when=9"])
        until(lambda: "stopped by SIGSTOP" in (world.dir / "trace").read_text() if (world.dir / "trace").exists() else False,
              "the command stands still", PATIENCE)
        stopped = int(pathlib.Path(f"/proc/{tracer.pid}/task/{tracer.pid}/children").read_text())
        world.undo.append(lambda: kill_quietly(stopped))
        server.run("status")
        device.run("note", "HH-5001", "while it was taken in")
        device.run("config", "metered", "yes")
        device.run("config", "metered_carries", "operations")
        device.sync()
        assert "missing" in states(server) and server.rows("note"), "it was taken in meanwhile"
        os.kill(stopped, signal.SIGCONT)
        assert tracer.wait(timeout=PATIENCE * 4) == DONE, (world.dir / "import.log").read_text()
        assert states(server) == ["here"] * PHOTOS
        device.run("config", "metered", "no")
        device.sync()
        insist_on_equality(server, device)


@promise
def what_was_left_of_a_bundle_whose_writer_was_killed_goes_with_the_next():
    with World() as world:
        server, device = with_a_job(world)
        take_photos(device)
        device.sync()
        Device.enrolled(server, "Ada Brannock", "phone")
        held = Held(server, "phone")
        os.kill(held.writer, signal.SIGKILL)
        held.process.wait()
        assert len(os.listdir(held.path.parent)) == 1 and not held.path.exists()
        device.run("bundle", "export", held.path.parent / "another.bundle")
        assert os.listdir(held.path.parent) == ["another.bundle"], os.listdir(held.path.parent)


@promise
def whoever_is_killed_while_bundles_are_written_loses_nothing_and_leaves_no_half_one():
    with World() as world:
        server, device = with_a_job(world)
        take_photos(device, 2, 1 << 20)
        device.sync()
        phone = Device.enrolled(server, "Ada Brannock", "phone")
        chance, stick = random.Random(13), world.dir / "stick"
        stick.mkdir()
        up, down = stick / "up.bundle", stick / "down.bundle"
        exports = [["truckroll", "bundle", "export", up, "--dir", device.dir, "--keys", device.keys],
                   ["truckrolld", "bundle", "export", "phone", down, "--dir", server.dir]]
        device.start_agent()
        for number in range(size(6, 16, 50)):
            device.run("note", "HH-5001", f"note {number}")
            writers = [world.start("export.log", *words) for words in exports]
            time.sleep(chance.random() * 0.15)
            victim = chance.choice(["command", "command", "agent", "server"])
            if victim == "command":
                chance.choice(writers).kill()
            elif victim == "agent":
                device.kill_agent()
                device.start_agent()
            else:
                server.kill()
                server.start()
            for writer in writers:
                writer.wait(timeout=PATIENCE * 4)
            for path, take in ((up, server.ask), (down, phone.ask)):
                if path.exists() and chance.random() < 0.5:
                    take("bundle", "import", path, expect=DONE)
                    path.unlink()
        for words in exports:
            world.run(*words, expect=DONE)
        assert sorted(os.listdir(stick)) == ["down.bundle", "up.bundle"], os.listdir(stick)
        server.run("bundle", "import", up)
        phone.run("bundle", "import", down)
        device.stop_agent()
        for one in (device, phone):
            one.sync()
            insist_on_equality(server, one)
        assert len([note for note in server.rows("note") if note["text"].startswith("note ")]) == size(6, 16, 50)
        server.verify()


if __name__ == "__main__":
    tap.main()
