"""The line between a device and the server, with faults. Of the live carrier it knows where messages begin and end, nothing of what is in
them; HTTP is bytes to it."""
import socket
import struct
import threading

import sp

OPEN, CLOSED, DEAF = "open", "closed", "deaf"
UP, DOWN = "up", "down"  # to the server, to the device


class Cut(Exception):
    pass


def reset(connection):
    """Closes so that the other side gets a reset, as when a cable is pulled and put back."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    except OSError:
        pass


class Link:
    """One connection through the proxy. Its sockets are closed by the last of its two threads: while one of them may still call for them,
    their numbers must not become another connection's."""

    def __init__(self, proxy, device, server):
        self.proxy, self.device, self.server = proxy, device, server
        self.dead = threading.Event()
        self.lock = threading.Lock()
        self.pumps = 2

    def kill(self):
        self.dead.set()
        for connection in (self.device, self.server):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def end_pump(self):
        self.kill()
        with self.lock:
            self.pumps -= 1
            last = self.pumps == 0
        if last:
            reset(self.device)
            reset(self.server)

    def pump_messages(self, source, target, direction):
        self.proxy.forward(self, target, direction, sp.read_exactly(source, 8))
        while not self.dead.is_set():
            head = sp.read_exactly(source, 8)
            body = sp.read_exactly(source, min(struct.unpack(">Q", head)[0], 1 << 20))
            self.proxy.pass_message(self, target, direction, head + body)

    def pump_bytes(self, source, target, direction):
        while not self.dead.is_set():
            data = source.recv(1 << 16)
            if not data:
                return
            self.proxy.forward(self, target, direction, data)

    def pump(self, direction):
        source, target = (self.device, self.server) if direction == UP else (self.server, self.device)
        try:
            (self.pump_bytes if self.proxy.http else self.pump_messages)(source, target, direction)
        except (sp.Gone, Cut, OSError):
            pass
        self.end_pump()


class Proxy:
    """Listens on `port` for as long as it lives. `http`: to the server's port for HTTP, and nothing of what has to do with messages. Faults:
    mode       OPEN; CLOSED: nobody gets through; DEAF: what the server says is swallowed
    refuse_next so many connections are reset as soon as they are made
    cut_at     counts down over all bytes of both directions; at 0 the connection is reset
    on_message called as on_message(link, direction, data) before a message is passed on; it may return other bytes (b"": swallow them),
               None for the same, or raise Cut"""

    def __init__(self, server_port, http=False):
        self.server_port = server_port
        self.http = http
        self.mode = OPEN
        self.cut_at = None
        self.refuse_next = 0
        self.cuts = 0
        self.opened = 0  # connections so far
        self.on_message = None
        self.recorded = None  # a list: (direction, frame) are added
        self.bytes = {UP: 0, DOWN: 0}
        self.messages = {UP: 0, DOWN: 0}
        self.links = []
        self.lock = threading.RLock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'http' if http else 'tcp'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                device, _ = self.listener.accept()
            except OSError:
                return
            if self.mode == CLOSED or self.refuse_next > 0:
                self.refuse_next = max(0, self.refuse_next - 1)
                reset(device)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.server_port), timeout=5)
                server.settimeout(None)
            except OSError:
                reset(device)
                continue
            for connection in (device, server):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(self, device, server)
            with self.lock:
                self.opened += 1
                self.links = [old for old in self.links if not old.dead.is_set()] + [link]
            for direction in (UP, DOWN):
                threading.Thread(target=link.pump, args=(direction,), daemon=True).start()

    def forward(self, link, target, direction, data):
        with self.lock:
            room = len(data) if self.cut_at is None else min(self.cut_at, len(data))
            if self.cut_at is not None:
                self.cut_at -= room
            self.bytes[direction] += room
            cut = room < len(data)
            if cut:
                self.cut_at = None
                self.cuts += 1
        target.sendall(data[:room])
        if cut:
            raise Cut()

    def pass_message(self, link, target, direction, data):
        hook = self.on_message
        self.messages[direction] += 1
        if self.recorded is not None:
            self.recorded.append((direction, data[12:]))  # without length and request number
        if self.mode == DEAF and direction == DOWN:
            return
        changed = hook(link, direction, data) if hook is not None else None
        data = data if changed is None else changed
        if data:
            self.forward(link, target, direction, data)

    def hang_up(self):
        """Resets every connection there is now."""
        with self.lock:
            links, self.links = self.links, []
        for link in links:
            link.kill()

    def close_line(self):
        self.mode = CLOSED
        self.hang_up()

    def open_line(self):
        self.on_message = None
        self.mode = OPEN

    def end(self):
        self.close_line()
        self.listener.close()
