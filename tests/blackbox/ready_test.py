#!/usr/bin/env python3
"""Ready to be off line: what a device proves of its jobs, and what it foresees."""
import os
import random
import subprocess

import tap
from harness import DONE, USAGE, Device, Server, World, program, with_a_job
from tap import promise, tell, until
from thin_line import ThinLine

ADA, ORDER, MISSING = "Ada Brannock", "HH-5001", 3
PHOTO_SIZE = 300 * 1024


def forecast(device, expect):
    told = device.ask("sync", "--forecast", expect=expect).json
    return told, {job["number"]: job for job in told["jobs"]}


def photo(world, device, seed=1, size=PHOTO_SIZE):
    path = world.dir / f"photo-{seed}.jpg"
    path.write_bytes(b"\xff\xd8\xff" + random.Random(seed).randbytes(size - 3))
    device.run("photo", str(path), "--visit", ORDER)


def files_of(device):
    return [path for path in (device.dir / "blobs").glob("??/??/*") if path.is_file()]


def with_a_photo(world):
    """Two devices of Ada's; what the first one photographed is on the second, too."""
    server, first = with_a_job(world)
    first.go_to_work()
    photo(world, first)
    first.sync()
    second = Device.enrolled(server, ADA, "phone")
    said = second.ask("sync", "--forecast", expect=MISSING)
    assert "nothing has been fetched" in said.reason, said.reason
    second.sync()
    return server, second


@promise
def a_job_is_complete_when_rows_and_files_are_proven():
    with World() as world:
        server, device = with_a_photo(world)
        told, jobs = forecast(device, DONE)
        job = jobs[ORDER]
        assert told["complete"] == 1 and told["waiting"] == 0 and told["bytes_to_come"] == 0, told
        assert job["complete"] and job["state"] == "complete" and job["files"] == job["files_here"] == 1, job
        shown = device.run("show", ORDER)
        proof = shown["readiness"]
        assert shown["complete"] and proof["proven"] and proof["rows"] == proof["rows_here"] == job["rows"] > 2, proof
        digests = {row["of"]: row for row in server.run("status", "--digests")["digests"] if row["scope"] == "job"}
        assert digests[job["work_order"]]["sum"] == proof["digest"] and digests[job["work_order"]]["rows"] == proof["rows"], proof


@promise
def a_file_that_is_missing_or_damaged_is_told():
    with World() as world:
        _, device = with_a_photo(world)
        path, = files_of(device)
        content = bytearray(path.read_bytes())
        path.unlink()
        told, jobs = forecast(device, MISSING)
        assert jobs[ORDER]["state"] == "files_missing" and told["bytes_to_come"] == PHOTO_SIZE, told
        content[PHOTO_SIZE // 2] ^= 1
        path.write_bytes(content)
        told, jobs = forecast(device, MISSING)
        assert jobs[ORDER]["files_here"] == 0, told
        proof = device.run("show", ORDER)["readiness"]
        assert proof["files_damaged"] == 1 and proof["proven"], proof
        path.unlink()
        device.sync()
        forecast(device, DONE)


def settings(device, **values):
    for name, value in values.items():
        device.run("config", name, str(value))


def notes_at_office(server):
    return [row["text"] for row in server.rows("note")]


@promise
def a_metered_link_carries_what_its_settings_allow():
    with World() as world:
        server, device = with_a_job(world)
        said = device.ask("config", "metered_carries", "everything", expect=USAGE)
        assert "operations, rows or files" in said.reason, said.reason
        settings(device, metered="yes", metered_carries="rows")
        photo(world, device)
        told = device.sync()
        assert told["synced"] and told["operations_sent"] == 1 and told["pending"] == 0 and told["files_sent"] == 0, told
        assert told["files_held"] == 1 and told["file_bytes_held"] == PHOTO_SIZE and not told["rows_held"], told
        settings(device, metered_carries="operations")
        device.run("note", ORDER, "out of reach")
        told = device.sync()
        assert not told["synced"] and told["rows_held"] and told["operations_sent"] == 1 and told["pending"] == 1, told
        assert "out of reach" in notes_at_office(server)
        again = device.sync()  # there is nothing to say: nobody is called
        assert again["bytes_sent"] == again["rounds"] == 0, again
        server.run("note", ORDER, "and back")
        settings(device, metered="no")
        told = device.sync()
        assert told["synced"] and told["pending"] == 0 and told["files_sent"] == 1 and told["files_held"] == 0, told
        assert "and back" in [note["text"] for note in device.run("show", ORDER)["notes"]]


@promise
def an_agent_keeps_to_the_bytes_of_the_day():
    with World() as world:
        server, device = with_a_job(world)
        settings(device, metered="yes", metered_bytes_a_day="300kB")
        device.start_agent()
        photo(world, device)
        until(lambda: device.run("link")["files_held"], "the day's bytes for files are used up")
        told = device.run("status")
        assert told["metered"] and told["carries"] == "rows" and told["metered_bytes_today"] <= 225000, told
        sent = device.run("link")["file_bytes_sent"]
        assert 0 < sent < 225000, sent
        device.run("note", ORDER, "still on line")
        until(lambda: "still on line" in notes_at_office(server), "an operation goes all the same")
        assert device.run("link")["file_bytes_sent"] == sent
        settings(device, metered="no")
        until(lambda: device.run("link")["files_sent"] == 1, "the photo goes over a link that costs nothing")
        device.stop_agent()


def measured(device):
    """(bytes that were measured, bytes a second)"""
    kept = dict(line.split(" = ") for line in (device.dir / "traffic").read_text().splitlines())
    return int(kept["unmetered_rate_bytes"]), device.run("status")["bytes_per_s"] or 0


@promise
def a_forecast_goes_by_the_rate_at_which_the_line_carried_each_answer():
    line_rate, photo_size = 160000, 100 * 1024
    for carrier in ("tcp", "http"):
        with World() as world:
            server = Server.made(world, start=False)
            server.start(options=("--http", "http://127.0.0.1:0"))
            server.book(ORDER, ADA)
            first, second = Device.enrolled(server, ADA, "tablet"), Device.enrolled(server, ADA, "phone")
            first.sync()
            first.go_to_work()
            first.sync()
            line = ThinLine(server.http_port if carrier == "http" else server.port, line_rate, 0.01, 0, 0)
            world.undo.append(line.end)
            for device in (first, second):
                device.run("server", f"{carrier}://127.0.0.1:{line.port}")
                (device.dir / "traffic").unlink(missing_ok=True)
            photo(world, first, size=photo_size)
            for way, device in (("up", first), ("down", second)):
                device.sync()
                of, rate = measured(device)
                tell(f"{carrier} {way}: {rate} bytes a second over a line of {line_rate}, from {of} bytes")
                assert of > photo_size / 2, f"only {of} bytes were measured"
                assert line_rate / 20 < rate < 1.1 * line_rate, rate


def lead_out_by(world, interface):
    """As the kernel's table of routes has it."""
    path = world.dir / "routes"
    path.with_suffix(".new").write_text(f"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\n{interface}\t00000000\t0\t3\t0\t0\t600\n")
    path.with_suffix(".new").rename(path)
    return path


@promise
def what_waited_goes_when_another_interface_leads_out():
    with World() as world:
        server, device = with_a_job(world)
        world.environment["TRUCKROLL_ROUTES"] = str(lead_out_by(world, "wwan0"))
        settings(device, metered_carries="operations")
        device.start_agent()
        server.run("note", ORDER, "from the office")
        device.run("note", ORDER, "from the road")
        until(lambda: "from the road" in notes_at_office(server), "operations go")
        told = device.run("link")
        assert told["rows_held"] and told["rows_received"] == 0, told
        assert device.run("status")["interface"] == "wwan0"
        lead_out_by(world, "wlan0")
        until(lambda: "from the office" in [note["text"] for note in device.run("show", ORDER)["notes"]], "rows come")
        device.stop_agent()


def on_a_terminal(device, *words):
    """What a command shows on standard error when that is a terminal."""
    ours, theirs = os.openpty()
    process = subprocess.Popen([program("truckroll"), *words, "--dir", device.dir, "--keys", device.keys], stderr=theirs,
                               stdout=subprocess.DEVNULL, env={**device.world.environment, "TERM": "xterm"})
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait() == DONE, shown
    return shown.decode()


@promise
def a_long_sync_shows_how_far_it_is():
    with World() as world:
        server, device = with_a_job(world)
        photo(world, device, size=6 * 1024 * 1024)
        shown = on_a_terminal(device, "sync")
        assert "moving files" in shown and " %" in shown and "of 1" in shown and shown.endswith("\r\x1b[K"), shown
        quiet = device.ask("sync")
        assert quiet.err == "", quiet.err


if __name__ == "__main__":
    tap.main()
