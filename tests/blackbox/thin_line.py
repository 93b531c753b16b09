"""A line that carries so many bytes a second, each of them late, and stands still for a while whenever a segment is lost: what a link at the
edge of coverage does to TCP. It knows nothing of what it carries."""
import random
import socket
import threading
import time

SEGMENT = 1400  # bytes
WINDOW = 16384  # bytes that are on their way in one direction; more wait at their sender
UP, DOWN = "up", "down"  # to the server, to the device


class Direction:
    """One direction of one connection: the time at which the last segment left, and what is under way."""

    def __init__(self, line, source, target, name):
        self.line, self.source, self.target, self.name = line, source, target, name
        self.dice = random.Random(f"{line.seed} {name} {line.opened}")
        self.free_at = 0.0
        self.under_way = []
        self.changed = threading.Condition()
        self.ended = False

    def start(self):
        for work in (self.take, self.give):
            threading.Thread(target=work, daemon=True).start()

    def departure(self, count):
        """When a segment of `count` bytes has left; a lost one holds up those behind it."""
        self.free_at = max(self.free_at, time.monotonic()) + count / self.line.bytes_a_second
        if self.dice.random() < self.line.loss:
            self.free_at += self.line.stall
            self.line.stalled += self.line.stall
        return self.free_at

    def take(self):
        try:
            while data := self.source.recv(SEGMENT):
                with self.changed:
                    self.changed.wait_for(lambda: self.ended or sum(len(piece) for _, piece in self.under_way) < WINDOW)
                    self.under_way.append((self.departure(len(data)) + self.line.delay, data))
                    self.changed.notify_all()
                self.line.bytes[self.name] += len(data)
        except OSError:
            pass
        self.end()

    def give(self):
        try:
            while True:
                with self.changed:
                    self.changed.wait_for(lambda: self.ended or self.under_way)
                    if not self.under_way:
                        return
                    due, data = self.under_way[0]
                time.sleep(max(0.0, due - time.monotonic()))
                self.target.sendall(data)
                with self.changed:
                    self.under_way.pop(0)
                    self.changed.notify_all()
        except OSError:
            pass
        finally:
            self.end()

    def end(self):
        with self.changed:
            self.ended = True
            self.changed.notify_all()
            under_way = bool(self.under_way)
        if not under_way:
            for connection in (self.source, self.target):
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class ThinLine:
    """Listens on `port` until end(). `delay` and `stall` in seconds; a segment in 1 / `loss` is lost."""

    def __init__(self, server_port, bytes_a_second, delay, loss, stall, seed=1):
        self.server_port, self.bytes_a_second, self.delay, self.loss, self.stall, self.seed = \
            server_port, bytes_a_second, delay, loss, stall, seed
        self.bytes = {UP: 0, DOWN: 0}
        self.opened = 0
        self.stalled = 0.0  # seconds in which lost segments held up a direction
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                device, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.server_port), timeout=5)
            except OSError:
                return
            server.settimeout(None)
            for connection in (device, server):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
            self.opened += 1
            Direction(self, device, server, UP).start()
            Direction(self, server, device, DOWN).start()

    def end(self):
        self.listener.close()
