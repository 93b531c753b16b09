#!/usr/bin/env python3
"""A thin and lossy line at the edge of coverage: a day's work and a photo get through, at a good part of what the line can carry."""
import random
import time

import tap
from equal import insist_on_equality
from harness import Device, Server, World
from oracle import Told, write_note
from tap import promise, size, tell, until
from thin_line import UP, ThinLine

ADA = "Ada Brannock"
ROUND_TRIP = size(0.2, 0.5, 2.0)  # seconds
LOSS = 0.01
STALL = 3 * ROUND_TRIP  # three times the time after which TCP sends again
LINES = {"tcp": "tcp://127.0.0.1:{}", "http": "http://127.0.0.1:{}"}


def over(world, carrier, rate):
    """A device in step whose line becomes thin only then: (server, device, line)."""
    server = Server.made(world, start=False)
    server.start(options=("--http", "http://127.0.0.1:0"))
    device = Device.enrolled(server, ADA, "tablet")
    server.book("HH-5001", ADA)
    device.sync()
    device.go_to_work("HH-5001")
    device.sync()
    line = ThinLine(server.http_port if carrier == "http" else server.port, rate, ROUND_TRIP / 2, LOSS, STALL)
    world.undo.append(line.end)
    device.run("server", LINES[carrier].format(line.port))
    return server, device, line


def insist_on_a_day_over(carrier, bits_a_second, notes, photo):
    with World() as world:
        rate = bits_a_second / 8
        server, device, line = over(world, carrier, rate)
        told = Told()
        for _ in range(notes):
            write_note(device, told)
        picture = world.dir / "pump.jpg"
        content = b"\xff\xd8\xff\xe0" + random.Random(1).randbytes(photo - 4)  # cannot be made smaller, as a photo cannot
        picture.write_bytes(content)
        device.run("photo", picture)
        began = time.monotonic()
        device.start_agent()
        patience = 120 + 4 * (photo + 100 * notes) / rate + 4 * line.stall
        until(lambda: [row["state"] for row in server.run("file", "list")["files"]] == ["here"], "the photo is at the office", patience)
        took = time.monotonic() - began
        until(lambda: device.run("outbox")["operations"] == [], "all is settled", patience)
        device.stop_agent()
        device.run("server", server.url)
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)
        assert line.bytes[UP] < 1.1 * (photo + 200 * notes) + 8192, f"{line.bytes[UP]} bytes went up for a photo of {photo} and {notes} notes"
        share = photo / rate / (took - min(line.stalled, took / 2))
        tell(f"{carrier}, {bits_a_second / 1000:g} kbit/s, {ROUND_TRIP:g} s there and back, 1% lost: {notes} notes and {photo} bytes in {took:.1f} s, "
             f"of which {line.stalled:.1f} s stalled; {line.bytes[UP]} bytes up, {share:.0%} of the line, {line.opened} connections")
        return share


@promise
def a_day_s_notes_and_a_photo_get_through_a_thin_lossy_line_and_no_piece_goes_twice():
    notes, photo = size((10, 15_000), (20, 40_000), (200, 300_000))
    for carrier in LINES:
        share = insist_on_a_day_over(carrier, 64_000, notes, photo)
        assert share >= size(0, 0, 0.3), f"{share:.0%} of the line were used"  # 0.66 on a quiet machine; small steps would use a fifth


@promise
def a_line_of_a_tenth_of_that_is_enough():
    insist_on_a_day_over("tcp", 9_600, size(1, 2, 20), size(2_000, 4_000, 80_000))


if __name__ == "__main__":
    tap.main()
