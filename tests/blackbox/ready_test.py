#!/usr/bin/env python3
"""Ready to be off line: what a device proves of its jobs, and what it foresees."""
import random

import tap
from harness import DONE, Device, Server, World, with_a_job
from tap import promise

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
    for word in ("accept", "travel", "arrive"):
        first.run(word)
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


if __name__ == "__main__":
    tap.main()
