#!/usr/bin/env python3
"""Callers who send a byte now and then and never come to an end: they are hung up on after a while, and nobody waits for them."""
import socket
import threading
import time

import sp
import tap
from harness import SANITIZED, Device, Server, World
from tap import promise, size, tell, until

ADA = "Ada Brannock"
PATIENCE = 90  # seconds until the last of them must be gone
BEGINNINGS = {  # what each says first, and goes on with, a byte at a time
    "says nothing": (b"", b""),
    "a greeting": (b"", sp.greeting(sp.REQUEST)),
    "a long message": (sp.greeting(sp.REQUEST) + (60000).to_bytes(8, "big"), b"x" * 60000),
    "HTTP headers": (b"PUT /sync HTTP/1.1\r\nHost: office\r\n", b"X-More: " + b"x" * 60000),
    "an HTTP body": (b"POST /sync HTTP/1.1\r\nHost: office\r\nContent-Length: 60000\r\n\r\n", b"x" * 60000),
}


def hung_up(connection):
    try:
        return connection.recv(4096) == b""
    except BlockingIOError:
        return False


class Dripping:
    """Many callers at once, by kind."""

    def __init__(self, server, count):
        self.open = {}
        for number in range(count):
            name = list(BEGINNINGS)[number % len(BEGINNINGS)]
            port = server.http_port if "HTTP" in name else server.port
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=5)
                connection.sendall(BEGINNINGS[name][0])
            except OSError:
                continue  # the server has enough of them
            connection.setblocking(False)
            self.open[connection] = [name, 0]
        self.count, self.stopped = len(self.open), False
        self.thread = threading.Thread(target=self.drip, daemon=True)
        self.thread.start()

    def gone(self, connection):
        connection.close()
        del self.open[connection]

    def drip(self):
        while self.open and not self.stopped:
            for connection in list(self.open):
                name, at = self.open[connection]
                try:
                    if hung_up(connection):
                        self.gone(connection)
                        continue
                    at += connection.send(BEGINNINGS[name][1][at:at + 1])
                    self.open[connection][1] = at
                except BlockingIOError:
                    pass
                except OSError:
                    self.gone(connection)
            time.sleep(1)

    def end(self):
        self.stopped = True
        self.thread.join()
        for connection in self.open:
            connection.close()


@promise
def who_drips_a_byte_at_a_time_is_hung_up_on_and_honest_devices_are_served_meanwhile():
    with World() as world:
        server = Server.made(world, start=False)
        server.start(options=("--http", "http://127.0.0.1:0"))
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        other = Device.enrolled(server, ADA, "phone", f"http://127.0.0.1:{server.http_port}")
        memory, descriptors = server.memory_kb(), server.descriptors()
        began, slowest, rounds = time.monotonic(), 0, 0
        dripping = Dripping(server, size(100, 300, 2000))
        try:
            while dripping.open and time.monotonic() - began < PATIENCE:
                before = time.monotonic()
                device.run("note", "HH-5001", f"note {rounds}")
                device.sync()
                other.sync()
                slowest, rounds = max(slowest, time.monotonic() - before), rounds + 1
                time.sleep(0.5)
            left = sorted({name for name, _ in dripping.open.values()})
            tell(f"{dripping.count} callers were gone after {time.monotonic() - began:.0f} s; meanwhile {rounds} times two devices synced, in "
                 f"{slowest:.2f} s at most; memory grew by {server.memory_kb() - memory} KiB")
            assert not left, f"still there after {PATIENCE} s: {len(dripping.open)} of: {left}"
        finally:
            dripping.end()
        assert {row["text"] for row in server.rows("note")} == {f"note {number}" for number in range(rounds)}
        if not SANITIZED:
            try:
                until(lambda: server.descriptors() <= descriptors, "the descriptors are given back", 60)
            except AssertionError as error:
                raise AssertionError(f"{error}: there were {descriptors}, there are {server.opened()}") from error


if __name__ == "__main__":
    tap.main()
