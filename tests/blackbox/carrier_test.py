#!/usr/bin/env python3
"""One device and one server over every carrier: HTTP, HTTPS with a pinned key, a proxy, and from one to the other."""
import base64
import hashlib
import http.client
import http.server
import os
import socket
import subprocess
import threading
import time

import tap
from equal import insist_on_equality
from harness import DONE, OFFLINE, PATIENCE, SANITIZED, USAGE, Device, Server, World
from tap import promise, tell, until

ADA = "Ada Brannock"
HTTP = ("--http", "http://127.0.0.1:0")
ENDLESS = 24 << 20  # bytes, more than what the system keeps of a connection


def with_http(world, options=HTTP):
    server = Server.made(world, start=False)
    server.start(options=options)
    server.book("HH-5001", ADA)
    return server


def http_url(server):
    return f"http://127.0.0.1:{server.http_port}"


def ask_all(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def ask(server, method, path, body=None, headers=None):
    return ask_all(server, method, path, body, headers)[:2]


def first_line(server, said):
    """What is answered, however early the server stops to listen."""
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=PATIENCE) as client:
        try:
            client.sendall(said)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return client.makefile("rb").readline()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def insist_on_life(server, device):
    """An agent is on line: news comes while its question is held, and what is done meanwhile goes at once."""
    device.start_agent()
    until(lambda: device.run("link")["synced"], "the agent is on line")
    began = time.monotonic()
    server.book("HH-5002", ADA)
    until(lambda: "HH-5002" in device.ask("today").out, "the poll is answered")
    tell(f"news reached the device in {time.monotonic() - began:.2f} s")
    device.run("note", "HH-5001", "while a question was held")
    until(lambda: [row for row in server.rows("note") if row["text"] == "while a question was held"], "the note is there")
    until(lambda: device.run("outbox")["pending"] == 0, "it is settled")
    link = device.run("link")
    assert link["failures"] == 0 and link["connected"], link
    device.stop_agent()
    insist_on_equality(server, device)


@promise
def a_device_enrols_works_and_goes_on_line_over_http_alone():
    with World() as world:
        server = with_http(world)
        device = Device.enrolled(server, ADA, "tablet", http_url(server))
        device.sync()
        device.run("accept", "HH-5001")
        device.sync()
        insist_on_equality(server, device)
        insist_on_life(server, device)


@promise
def a_self_signed_server_is_believed_by_its_pinned_key_and_by_nothing_else():
    with World() as world:
        key, chain = world.dir / "key.pem", world.dir / "chain.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out",
                        chain, "-days", "2", "-subj", "/CN=127.0.0.1"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        pin = base64.b64encode(hashlib.sha256(public).digest()).decode()
        server = with_http(world, ("--http", "https://127.0.0.1:0", "--certificate", chain, "--certificate-key", key))
        url = f"https://127.0.0.1:{server.http_port}"
        device = Device.enrolled(server, ADA, "tablet", f"{url};pin=sha256//{pin}")
        device.sync()
        insist_on_equality(server, device)
        other = base64.b64encode(bytes(32)).decode()
        for address in (f"{url};pin=sha256//{other}", url):
            device.run("server", address)
            answer = device.ask("sync", expect=None)
            assert answer.code == OFFLINE and "cannot be reached" in answer.reason, str(answer)
        device.run("server", f"{url};pin=sha256//{pin}")
        insist_on_life(server, device)


@promise
def http_where_the_live_carrier_listens_is_told_as_what_it_is():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        device.run("server", f"http://127.0.0.1:{server.port}")
        answer = device.ask("sync", "--wait", "0", expect=OFFLINE)
        assert "cannot be reached" in answer.reason and "is tcp:// or https:// meant?" in answer.reason, str(answer)


@promise
def the_live_carrier_is_used_when_it_can_be_reached_else_http_and_nothing_is_lost_or_done_twice_by_the_change():
    with World() as world:
        server = with_http(world)
        closed = f"tcp://127.0.0.1:{free_port()}"
        device = Device.enrolled(server, ADA, "tablet", f"{closed},{http_url(server)}")
        device.sync()
        device.start_agent()
        until(lambda: device.run("link")["synced"], "the agent is on line")
        assert device.run("link")["address"] == http_url(server)
        for turn in range(6):
            device.run("note", "HH-5001", f"note {turn}")
            if turn % 2:
                server.kill()
                device.run("note", "HH-5001", f"in between {turn}")
                server.start(options=("--http", http_url(server)))
                device.run("link", "--now")
        until(lambda: device.run("link")["synced"], "everything is exchanged", 3 * PATIENCE)
        device.stop_agent()
        texts = [row["text"] for row in server.rows("note")]
        assert sorted(texts) == sorted([f"note {turn}" for turn in range(6)] + [f"in between {turn}" for turn in (1, 3, 5)]), texts
        device.run("server", f"{server.url},{http_url(server)}")
        device.start_agent()
        until(lambda: device.run("link")["synced"], "the agent is on line")
        assert device.run("link")["address"] == server.url
        device.stop_agent()
        insist_on_equality(server, device)


class Proxy(threading.Thread):
    """An HTTP proxy as offices have them: forwards plain requests, tells how many."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.seen = self.socket.getsockname()[1], 0

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, client.makefile("rb") as reader:
            while line := reader.readline():
                method, url, _ = line.decode().split()
                host = url.split("/")[2]
                lines, size = [], 0
                while (header := reader.readline().strip()):
                    lines.append(header)
                    if header.lower().startswith(b"content-length:"):
                        size = int(header.split(b":")[1])
                body = reader.read(size)
                self.seen += 1
                headers = dict(line.decode().split(": ", 1) for line in lines)
                connection = http.client.HTTPConnection(host, timeout=PATIENCE)
                connection.request(method, "/" + url.split("/", 3)[3], body, {"Content-Type": headers.get("Content-Type", "")})
                answer = connection.getresponse()
                data = answer.read()
                client.sendall(b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n" % (answer.status, len(data)) + data)
                connection.close()


class Stranger(http.server.BaseHTTPRequestHandler):
    """Answers everything with a page, as the net of a hotel does."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"welcome")

    def log_message(self, *_):
        pass


class Endless(http.server.BaseHTTPRequestHandler):
    """Answers with nothing, and with headers behind it for as long as somebody listens."""

    def do_POST(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        try:
            while self.server.said < ENDLESS:
                self.wfile.write(b"A: b\r\n" * 10000)
                self.server.said += 60000
        except OSError:
            self.server.left += 1

    def log_message(self, *_):
        pass


@promise
def headers_without_end_are_not_listened_to():
    with World() as world:
        server = with_http(world)
        device = Device.enrolled(server, ADA, "tablet", http_url(server))
        endless = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endless)
        endless.said = endless.left = 0
        threading.Thread(target=endless.serve_forever, daemon=True).start()
        device.run("server", f"http://127.0.0.1:{endless.server_port}")
        device.ask("sync", expect=OFFLINE)
        until(lambda: endless.left > 0, "the device hangs up")
        assert endless.said < ENDLESS, endless.said
        endless.shutdown()


@promise
def who_answers_with_something_else_is_no_server_and_is_not_asked_without_a_pause():
    with World() as world:
        server = with_http(world)
        device = Device.enrolled(server, ADA, "tablet", http_url(server))
        strangers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger) for _ in range(2)]
        for stranger in strangers:
            stranger.asked = 0
            threading.Thread(target=stranger.serve_forever, daemon=True).start()
        device.run("server", ",".join(f"http://127.0.0.1:{stranger.server_port}" for stranger in strangers))
        answer = device.ask("sync", expect=None)
        assert answer.code == OFFLINE, str(answer)
        asked = [stranger.asked for stranger in strangers]
        assert all(1 <= times <= 3 for times in asked), f"asked so often: {asked}"
        device.run("server", f"http://127.0.0.1:{strangers[0].server_port},{http_url(server)}")
        device.sync()
        insist_on_equality(server, device)
        for stranger in strangers:
            stranger.shutdown()
            stranger.server_close()


@promise
def the_systems_proxy_is_used():
    with World() as world:
        server = with_http(world)
        proxy = Proxy()
        proxy.start()
        world.environment["http_proxy"] = f"http://127.0.0.1:{proxy.port}"
        device = Device.enrolled(server, ADA, "tablet", http_url(server))
        device.sync()
        insist_on_equality(server, device)
        proxy.socket.close()
        assert proxy.seen >= 3, proxy.seen


@promise
def what_is_no_frame_is_answered_plainly_and_harms_nobody():
    with World() as world:
        server = with_http(world)
        device = Device.enrolled(server, ADA, "tablet", http_url(server))
        assert ask(server, "GET", "/health") == (200, b"ok\n")
        assert ask(server, "GET", "/")[0] == 200
        for method, path, allowed in (("GET", "/sync", "POST"), ("PUT", "/sync", "POST"), ("DELETE", "/sync", "POST"), ("POST", "/", "GET, HEAD"),
                                      ("PUT", "/health", "GET, HEAD")):
            status, _, headers = ask_all(server, method, path, b"x")
            assert (status, headers["Allow"]) == (405, allowed), (method, path, status, headers)
        assert ask(server, "HEAD", "/health") == (200, b"")
        for path in ("/elsewhere", "/sync%00", "/sync%00x", "/%73ync"):
            assert ask(server, "POST", path, b"x")[0] == 404, path
        assert ask(server, "POST", "/sync", b"no frame")[0] == 204
        assert ask(server, "POST", "/sync", b"")[0] == 204
        for head, code in ((b"Content-Length: 82000", b"413"), (b"Content-Length: 99999999999999999999", b"4"), (b"Content-Length: -1", b"4"),
                           (b"Transfer-Encoding: chunked\r\nContent-Length: 3", b"400"),
                           (b"Transfer-Encoding : chunked\r\nContent-Length: 3", b"400"),
                           (b"Content-Length: 3\r\ncontent-length: 4", b"400"), (b"X-Long: " + b"y" * 100000, b"4")):
            assert first_line(server, b"POST /sync HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n").startswith(b"HTTP/1.1 " + code), head[:40]
        chunks = b"POST /sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + bytes(1 << 16) + b"\r\n") * 3 + b"0\r\n\r\n"
        assert first_line(server, chunks).startswith(b"HTTP/1.1 413"), "what is not said before is counted"
        for half in (os.urandom(200), b"POST /sync HTTP/1.1\r\n", b"POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nhalf"):
            with socket.create_connection(("127.0.0.1", server.http_port), timeout=PATIENCE) as client:
                client.sendall(half)
        device.sync()
        insist_on_equality(server, device)


@promise
def who_hangs_up_in_the_middle_of_a_request_is_not_waited_for():
    with World() as world:
        server = with_http(world)
        said = (b"POST /sy", b"POST /sync HTTP/1.1\r\nHost: x\r\n", b"POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        half = [socket.create_connection(("127.0.0.1", server.http_port), timeout=20) for _ in range(30)]
        for number, client in enumerate(half):
            client.sendall(said[number % 3])
            client.shutdown(socket.SHUT_WR)
        for client in half:
            assert client.recv(100) == b"", "it is told that nothing more comes"
            client.close()
        server.stop()


def a_silent_connection_is_closed_and_its_place_is_free_again():
    with World() as world:
        server = with_http(world)
        idle = [socket.create_connection(("127.0.0.1", server.http_port)) for _ in range(50)]
        for client in idle[:25]:
            client.sendall(b"POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\nslow")
        until(lambda: server.run("status")["connections"] >= 50, "they are counted")
        until(lambda: server.run("status")["connections"] == 0, "they are closed", 60)
        for client in idle:
            client.close()


# It takes the time that a stranger has, half a minute: once is enough.
if not SANITIZED:
    promise(a_silent_connection_is_closed_and_its_place_is_free_again)


@promise
def a_revoked_devices_http_connection_is_closed():
    with World() as world:
        server = with_http(world)
        device = Device.enrolled(server, ADA, "tablet", http_url(server))
        device.sync()
        device.start_agent()
        until(lambda: device.run("link")["synced"], "the agent is on line")
        server.run("device", "revoke", device.id, "--stolen")
        until(lambda: not device.run("link")["connected"] or device.run("link")["revoked"], "it is told")
        device.stop_agent()


@promise
def an_address_that_cannot_be_one_is_refused_with_a_sentence():
    with World() as world:
        server = Server.made(world, start=False)
        for options, word in ((("--http", "ftp://x"), "http://HOST"), (("--http", "https://127.0.0.1:0"), "certificate"),
                              (("--http", "http://127.0.0.1:99999"), "http://HOST"), (("--http", "http://127.0.0.1:0/deep"), "path")):
            answer = world.run("truckrolld", "serve", "--dir", server.dir, "--listen", "tcp://127.0.0.1:0", *options, "--json", expect=None)
            assert answer.code not in (DONE, None) and word in answer.reason, str(answer)


def front_answers(server):
    return server.run("metrics")["front_answers"]


@promise
def a_front_that_does_not_answer_is_told_within_a_minute_and_the_server_goes_on():
    with World() as world:
        port = free_port()
        server = Server.made(world, start=False)
        server.start(options=("--http", f"http://127.0.0.1:{port}"))
        front = world.proxy(server, http=True)
        server.stop()
        server.start(options=("--http", f"http://127.0.0.1:{port}", "--front", front.url))
        until(lambda: front.opened > 0 and front_answers(server) == 1, "the front was asked", 30)
        device = Device.enrolled(server, ADA, "tablet")
        front.close_line()
        until(lambda: front_answers(server) == 0, "the front is lost", 60)
        told, = [row for row in server.incidents() if row["kind"] == "front"]
        assert front.url in str(told), told
        device.sync()
        front.open_line()
        until(lambda: front_answers(server) == 1, "the front is back", 60)
        said = Server.made(world, name="other", start=False).ask(
            "serve", "--listen", f"tcp://127.0.0.1:{server.port}", "--front", "ftp://office.example", expect=None)
        assert said.code == USAGE and "ftp://office.example" in said.err, f"a wrong word is told before a port in use: {said}"


if __name__ == "__main__":
    tap.main()
