#!/usr/bin/env python3
"""Thumbnails: made where a photo is taken, by a helper that nobody depends on, and there before any whole photo."""
import random
import shutil
import subprocess

import tap
from equal import insist_on_equality
from harness import BUILD, NOT_FOUND, Device, Server, World
from tap import promise, tell

ADA, ORDER = "Ada Brannock", "HH-5001"
HELPER = BUILD / "device_agent" / "truckroll-thumbnail"
MAKER = BUILD / "tests" / "picture" / "make_picture"
DONE, REFUSED, CORRUPT = 0, 1, 5
THUMBNAIL_MAX = 24 * 1024


def picture(width=640, height=480, noise=1, orientation=0):
    return subprocess.run([MAKER, *map(str, (width, height, noise, orientation))], stdout=subprocess.PIPE, check=True).stdout


def shrunk(content):
    """What the helper says: (exit code, output, its words)."""
    done = subprocess.run([HELPER], input=content, capture_output=True, env={}, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


def sides(jpeg):
    """Width and height, from the header of the frame."""
    at = 2
    while not 0xc0 <= jpeg[at + 1] <= 0xc2:
        at += 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
    return int.from_bytes(jpeg[at + 7:at + 9], "big"), int.from_bytes(jpeg[at + 5:at + 7], "big")


@promise
def the_longer_side_becomes_320_pixels_and_nothing_but_the_picture_is_kept():
    for width, height, orientation, wanted in ((4000, 3000, 0, (320, 240)), (640, 480, 6, (240, 320)), (1000, 3000, 1, (107, 320)),
                                               (100, 50, 0, (100, 50)), (3000, 1, 0, (320, 1)), (321, 320, 8, (319, 320))):
        content = picture(width, height, 1, orientation)
        code, thumbnail, words = shrunk(content)
        assert code == DONE, f"{width} x {height}: {code}: {words}"
        assert sides(thumbnail) == wanted, f"{width} x {height}: {sides(thumbnail)}"
        assert len(thumbnail) <= THUMBNAIL_MAX and b"Exif" not in thumbnail


@promise
def what_is_no_sound_picture_ends_with_a_sentence_and_an_exit_code():
    content = picture(400, 300, 0, 6)
    header = content.index(b"\xff\xc0") + 5
    giant = content[:header] + b"\x80\x00\x80\x00" + content[header + 4:]
    nothing = content[:header] + bytes(4) + content[header + 4:]
    for what, bad, expected in (("empty", b"", CORRUPT), ("text", b"hello", CORRUPT), ("giant", giant, REFUSED), ("without pixels", nothing, CORRUPT),
                                ("a mark alone", content[:3], CORRUPT)):
        code, output, words = shrunk(bad)
        assert (code, output) == (expected, b"") and words.endswith("\n") and len(words) > 20, f"{what}: {code} {words}"


@promise
def a_picture_that_is_cut_or_spoilt_anywhere_gives_a_thumbnail_or_none_and_kills_nobody():
    content, chance, codes = picture(200, 150, 0, 6), random.Random(3), {}
    step = max(1, len(content) // tap.size(30, 120, 1000))
    bad = [content[:end] for end in range(0, len(content) - 2, step)]
    for _ in range(tap.size(30, 120, 1000)):
        spoilt = bytearray(content)
        for _ in range(chance.randrange(1, 9)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        bad.append(bytes(spoilt))
    for number, one in enumerate(bad):
        code, output, words = shrunk(one)
        assert code in (DONE, REFUSED, CORRUPT), f"number {number}: {code}: {words}"
        assert (code == DONE) == (output[:3] == b"\xff\xd8\xff"), f"number {number}"
        assert code != DONE or len(one) == len(content), f"number {number} was cut and has a thumbnail"
        codes[code] = codes.get(code, 0) + 1
    tell(f"{len(bad)} bad pictures: exit codes {codes}")


def at_work(world, line=True):
    server = Server.made(world)
    server.book(ORDER, ADA)
    proxy = world.proxy(server) if line else None
    return server, working(Device.enrolled(server, ADA, "tablet", url=proxy.url if line else None)), proxy


def working(device):
    """It is at a visit."""
    device.sync()
    device.go_to_work()
    device.sync()
    return device


def photographed(world, device, count):
    for number in range(count):
        path = world.dir / f"photo-{number}.jpg"
        path.write_bytes(picture(960, 720, number + 1))
        device.run("photo", path)


def files(owner):
    return owner.run("file", "list")["files"]


def here(owner):
    """How many thumbnails and how many whole photos it has."""
    found = files(owner)
    return [sum(row[what] == "here" for row in found) for what in ("thumbnail", "state")]


@promise
def a_photo_has_a_thumbnail_that_both_ends_hand_out():
    with World() as world:
        server, device, _ = at_work(world, line=False)
        photographed(world, device, 1)
        assert [(row["thumbnail"], row["state"]) for row in files(device)] == [("to_send", "to_send")]
        told = device.sync()
        assert told["files_sent"] == 2, told
        other = Device.enrolled(server, ADA, "phone")
        assert other.sync()["files_received"] == 2
        which, small = files(server)[0]["id"][:12], []
        for owner in (server, device, other):
            out = world.dir / f"{owner.dir.name}.jpg"
            owner.run("file", "get", which, "--thumbnail", "--out", out)
            small.append(out.read_bytes())
        assert small[0] == small[1] == small[2] == shrunk(picture(960, 720, 1))[1] and sides(small[0]) == (320, 240)
        assert server.run("verify")["files"] == 2
        insist_on_equality(server, device)


def insist_on_thumbnails_first(line, work, owner, count):
    """Cuts the line again and again while files go over it."""
    seen = set()
    for _ in range(60):
        line.cut_at = 24000
        work()
        thumbnails, whole = here(owner)
        seen.add(thumbnails)
        assert whole == 0 or thumbnails == count, f"{whole} photos came when only {thumbnails} thumbnails were there"
        if whole == count:
            break
        if thumbnails == count:
            line.cut_at = None
            work()
    assert here(owner) == [count, count] and len(seen) > 1, (here(owner), seen)


@promise
def all_thumbnails_are_there_before_the_first_whole_photo_both_ways():
    with World() as world:
        server, device, line = at_work(world)
        down = world.proxy(server)
        other = Device.enrolled(server, ADA, "phone", url=down.url)
        other.sync()
        photographed(world, device, 4)
        insist_on_thumbnails_first(line, lambda: device.ask("sync", expect=None), server, 4)
        insist_on_thumbnails_first(down, lambda: other.ask("sync", expect=None), other, 4)


def with_helper(world, device, script):
    """The device's program with another helper beside it."""
    folder = world.dir / "programs"
    folder.mkdir(exist_ok=True)
    shutil.copy(BUILD / "device_agent" / "truckroll", folder / "truckroll")
    helper = folder / "truckroll-thumbnail"
    helper.write_text(script)
    helper.chmod(0o755)
    return folder / "truckroll"


@promise
def a_helper_that_dies_hangs_says_too_much_or_is_not_there_costs_the_thumbnail_and_nothing_else():
    with World() as world:
        server, device, _ = at_work(world, line=False)
        scripts = {"dies": "#!/bin/sh\nkill -9 $$\n", "hangs": "#!/bin/sh\nexec sleep 600\n", "is damaged": "no program",
                   "says too much": "#!/bin/sh\nexec cat /dev/zero\n", "says no picture": "#!/bin/sh\necho hello\n",
                   "fails": "#!/bin/sh\nprintf '\\377\\330\\377\\340 picture'\nexit 5\n"}
        for number, (what, script) in enumerate(scripts.items()):
            path = world.dir / f"photo {what}.jpg"
            path.write_bytes(picture(640, 480, number + 1))
            device.program = with_helper(world, device, script)
            device.run("photo", path, "--caption", what)
            found, = (row for row in files(device) if row["caption"] == what)
            assert (found["thumbnail"], found["state"]) == ("none", "to_send"), f"{what}: {found}"
            answer = device.ask("file", "get", found["id"][:12], "--thumbnail", expect=NOT_FOUND)
            assert "no thumbnail" in answer.reason, answer
        device.sync()
        assert here(server) == [0, len(scripts)]


@promise
def programs_that_do_not_know_of_thumbnails_go_on_beside_those_that_do():
    with World() as world:
        server = Server.made(world, program="truckrolld_older")
        server.book(ORDER, ADA)
        device = working(Device.enrolled(server, ADA, "tablet"))
        photographed(world, device, 1)
        assert [row["thumbnail"] for row in files(device)] == ["none"]
        assert device.sync()["files_sent"] == 1
        server.stop()
        server.program = "truckrolld"
        server.start()
        device.run("server", server.url)
        device.sync()
        photographed(world, device, 2)
        device.sync()
        assert here(server) == here(device) == [2, 3]
        older = Device.enrolled(server, ADA, "phone", program="truckroll_older")
        older.sync()
        assert here(older) == [0, 3]
        older.program = "truckroll"
        older.sync()
        assert here(older) == [2, 3]
        insist_on_equality(server, older)


if __name__ == "__main__":
    tap.main()
