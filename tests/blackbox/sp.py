"""The carrier's framing written by hand (nanomsg SP over TCP, request side), so that hostile peers need no library: 8 bytes of greeting
each way, then messages of an 8-byte length and a body that begins with the request's number."""
import socket
import struct

REQUEST, REPLY = 0x30, 0x31


def greeting(protocol):
    return b"\0SP\0" + struct.pack(">HH", protocol, 0)


def message(body):
    return struct.pack(">Q", len(body)) + body


class Gone(Exception):
    """The other side closed the connection."""


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        try:
            part = connection.recv(size - len(data))
        except ConnectionError:
            part = b""
        if not part:
            raise Gone()
        data += part
    return data


def read_message(connection):
    size, = struct.unpack(">Q", read_exactly(connection, 8))
    return read_exactly(connection, size)


class Client:
    """A request socket of one connection."""

    def __init__(self, port, timeout=5.0):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0
        self.connection.sendall(greeting(REQUEST))
        if read_exactly(self.connection, 8) != greeting(REPLY):
            raise Gone()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, frame):
        self.number += 1
        self.connection.sendall(message(struct.pack(">I", 0x80000000 | self.number) + frame))

    def ask(self, frame, timeout=2.0):
        """The reply; None when there is none within `timeout` or the server hung up."""
        self.connection.settimeout(timeout)
        try:
            self.send(frame)
            return read_message(self.connection)[4:]
        except (Gone, TimeoutError, ConnectionError):
            return None

    def ask_before(self, frame, probe, timeout=10.0):
        """What the server says to `frame` before it answers `probe`, which it takes up later; None when it says nothing. So silence needs
        no waiting."""
        self.connection.settimeout(timeout)
        try:
            self.send(frame)
            asked = self.number
            self.send(probe)
            reply = read_message(self.connection)
        except (Gone, ConnectionError):
            return None
        number, = struct.unpack(">I", reply[:4])
        return reply[4:] if number == 0x80000000 | asked else None
