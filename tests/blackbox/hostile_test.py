#!/usr/bin/env python3
"""What must never come in, and a server that goes on serving."""
import os
import random
import socket
import struct
import time

import sp
import tap
from equal import insist_on_equality
from harness import OFFLINE, SANITIZED, Device, Server, World
from peer import Peer, kind_of, wire
from proxy import DOWN
from sp import Client
from tap import promise, size, tell, until

ADA = "Ada Brannock"
GROWTH_KB = (128 if SANITIZED else 16) * 1024


def serves(server, peer):
    """An honest device gets its rows, and a command its answer."""
    assert kind_of(peer.ask(peer.hello(), timeout=10)) == wire.WELCOME
    assert server.run("status")["serving"]


def refused_unchanged(server, peer, frames):
    """None of the frames is answered as an honest one would be, and none of them changes a row."""
    before = server.run("status", "--digests")
    for what, frame in frames:
        answer = peer.provoke(frame)
        assert kind_of(answer) not in (wire.WELCOME, wire.ENROL_GRANT, wire.ENROL_PENDING), f"{what}: answered {answer[:16]}"
    after = server.run("status", "--digests")
    for name in ("commit", "operations", "digests"):
        assert before[name] == after[name], name
    serves(server, peer)


def with_peer(world):
    server = Server.made(world)
    peer = Peer(server.port)
    peer.enrol(server, ADA)
    serves(server, peer)
    return server, peer


@promise
def a_truncated_frame_is_refused():
    with World() as world:
        server, peer = with_peer(world)
        hello = peer.hello()
        cuts = [0, 1, 4, 7, 8, 15, 16, 17, 47, 48, 64, len(hello) // 2, len(hello) - 1]
        refused_unchanged(server, peer, [(f"cut to {cut}", hello[:cut]) for cut in cuts])


@promise
def a_frame_with_any_bit_flipped_is_refused():
    with World() as world:
        server, peer = with_peer(world)
        hello, dice, frames = peer.hello(), random.Random(7), []
        for position in sorted(dice.sample(range(len(hello) * 8), size(20, 60, 600))) + [0, 35, 40, 63]:
            changed = bytearray(hello)
            changed[position // 8] ^= 1 << position % 8
            frames.append((f"bit {position}", bytes(changed)))
        refused_unchanged(server, peer, frames)


@promise
def an_oversized_frame_is_refused():
    with World() as world:
        server, peer = with_peer(world)
        big = peer.envelope(peer.hello_sections() + os.urandom(70000))
        refused_unchanged(server, peer, [("70,000 bytes", big), ("80 KiB and one", os.urandom(80 * 1024 + 1)), ("a megabyte", os.urandom(1 << 20))])


@promise
def a_frame_of_a_higher_version_is_refused():
    with World() as world:
        server, peer = with_peer(world)
        hello = peer.hello()
        refused_unchanged(server, peer, [("version 2", hello[:4] + b"\2" + hello[5:]), ("suite 2", hello[:5] + b"\2" + hello[6:])])


@promise
def a_frame_sealed_for_somebody_else_is_refused():
    with World() as world:
        server, peer = with_peer(world)
        other = Server.made(world, name="other")
        stranger = Peer(other.port)
        refused_unchanged(server, peer, [
            ("to another server's key", peer.hello(box=stranger.server.box)),
            ("for another server", peer.hello(recipient_id=stranger.server.server_id)),
            ("of another organisation", peer.hello(organisation=stranger.server.organisation)),
        ])


@promise
def a_stranger_and_a_false_signature_are_refused():
    with World() as world:
        server, peer = with_peer(world)
        refused_unchanged(server, peer, [
            ("an unknown device", peer.hello(sender=os.urandom(16))),
            ("signed by somebody else", peer.hello(sign_seed=os.urandom(32))),
            ("another key number", peer.hello(key_number=2)),
            ("a bundle that says it is a hello", peer.hello(kind=wire.WELCOME)),
        ])


@promise
def sections_that_make_no_sense_are_refused_even_with_a_good_signature():
    with World() as world:
        server, peer = with_peer(world)
        before = server.run("status", "--digests")
        good, dice = peer.hello_sections(), random.Random(11)
        for _ in range(size(10, 40, 400)):
            sections = bytearray(good)
            for _ in range(dice.randint(1, 4)):
                sections[dice.randrange(len(sections))] = dice.randrange(256)
            peer.provoke(peer.envelope(bytes(sections) + os.urandom(dice.choice((0, 0, 3, 500)))))
        after = server.run("status", "--digests")
        assert before["digests"] == after["digests"] and before["operations"] == after["operations"]
        serves(server, peer)


@promise
def enrolment_messages_that_are_malformed_are_refused():
    with World() as world:
        server, peer = with_peer(world)
        code = server.run("device", "invite", "--technician", ADA)["code"]
        request, dice = Peer(server.port).request(code), random.Random(13)
        for _ in range(size(10, 40, 400)):
            changed = bytearray(request)
            changed[dice.randrange(6, len(changed))] ^= 1 << dice.randrange(8)
            assert kind_of(peer.provoke(bytes(changed))) not in (wire.ENROL_PENDING, wire.ENROL_GRANT)
        assert kind_of(peer.ask(request)) == wire.ENROL_PENDING, "the honest request no longer works"


def garbage(port, dice):
    """One connection of a kind that no device makes; gives the socket while it is still open."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.settimeout(5)
    kind = dice.randrange(9)
    try:
        if kind == 0:
            connection.sendall(os.urandom(dice.randint(1, 400)))
        elif kind == 1:
            connection.sendall(sp.greeting(sp.REQUEST)[:dice.randint(1, 7)])
        elif kind == 2:
            connection.sendall(sp.greeting(dice.choice((0x10, 0x20, 0x31, 0xffff))) + os.urandom(60))
        elif kind == 3:
            connection.sendall(sp.greeting(sp.REQUEST) + struct.pack(">Q", dice.choice((1 << 63, 1 << 32, 1 << 30, 81 * 1024 + 1))) + os.urandom(100))
        elif kind == 4:
            connection.sendall(sp.greeting(sp.REQUEST) + sp.message(os.urandom(dice.randint(0, 3))))
        elif kind == 5:
            connection.sendall(sp.greeting(sp.REQUEST) + sp.message(b"\0\0\0\1" * dice.randint(1, 300)))
        elif kind == 6:
            connection.sendall(sp.greeting(sp.REQUEST) + sp.message(b"\x80\0\0\1TRK1" + os.urandom(dice.randint(0, 2000))))
        elif kind == 7:
            connection.sendall(sp.greeting(sp.REQUEST) + b"".join(sp.message(b"\x80\0\0\1" + os.urandom(30)) for _ in range(50)))
        else:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: office\r\n\r\n")
    except OSError:
        pass
    if dice.randrange(2):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return connection


@promise
def after_a_storm_of_garbage_connections_the_server_serves_and_has_not_grown():
    with World() as world:
        server, peer = with_peer(world)
        dice = random.Random(17)
        for _ in range(100):
            garbage(server.port, dice).close()
        serves(server, peer)
        memory, descriptors = server.memory_kb(), server.descriptors()
        open_now = []
        for _ in range(size(200, 1000, 20000)):
            open_now.append(garbage(server.port, dice))
            if len(open_now) > 40:
                open_now.pop(dice.randrange(len(open_now))).close()
        serves(server, peer)  # while forty of them are still there
        for connection in open_now:
            connection.close()
        until(lambda: server.descriptors() <= descriptors + 4, "the descriptors are given back")
        serves(server, peer)
        grown = server.memory_kb() - memory
        tell(f"memory grew by {grown} KiB from {memory} KiB")
        assert grown < GROWTH_KB, f"memory grew by {grown} KiB"


@promise
def claims_of_huge_messages_cost_no_memory():
    with World() as world:
        server, peer = with_peer(world)
        memory, held = server.memory_kb(), []
        for _ in range(60):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            connection.sendall(sp.greeting(sp.REQUEST) + struct.pack(">Q", 1 << 30) + b"x" * 16)
            held.append(connection)
        serves(server, peer)
        grown = server.memory_kb() - memory
        for connection in held:
            connection.close()
        assert grown < GROWTH_KB, f"memory grew by {grown} KiB"


@promise
def a_frame_recorded_on_the_line_and_sent_again_changes_nothing():
    with World() as world:
        server = Server.made(world)
        proxy = world.proxy(server)
        device = Device.enrolled(server, ADA, "tablet-1", proxy.url)
        device.sync()
        visit = server.book("HH-5001", ADA)
        proxy.recorded = []
        device.sync()
        device.run("accept", visit)
        device.run("note", "HH-5001", "said once")
        device.sync()
        recorded = [frame for direction, frame in proxy.recorded if direction == "up"]
        assert len(recorded) >= 2
        before = server.run("status", "--digests")
        for _ in range(2):
            for frame in recorded:
                with Client(server.port) as client:
                    client.ask_before(frame, wire.enrolment_header(wire.ENROL_ASK))
        after = server.run("status", "--digests")
        assert before["operations"] == after["operations"] and before["digests"] == after["digests"]
        assert [row["text"] for row in server.rows("note")].count("said once") == 1
        device.run("note", "HH-5001", "and the device still gets through")
        device.sync()
        assert device.run("outbox")["operations"] == []


FEW = 256  # descriptors, so that a test can use them up


def few_descriptors(server, soft=FEW, hard=FEW):
    server.stop()
    server.start(before=("prlimit", f"--nofile={soft}:{hard}"))


def crowd(server, frame, count=FEW):
    """Connections that each say `frame` and stay."""
    held = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
        connection.sendall(sp.greeting(sp.REQUEST) + (sp.message(b"\x80\0\0\1" + frame) if frame else b""))
        held.append(connection)
    return held


def the_honest_get_through(world, frame_of):
    """A device, a newcomer at the desk and a command beside more connections than the server can hold, all of them with one frame."""
    server, peer = with_peer(world)
    device = Device.enrolled(server, "Tomas Hale", "honest")
    server.book("HH-5004", "Tomas Hale")
    device.sync()
    few_descriptors(server)
    held = crowd(server, frame_of(server, peer))
    device.run("note", "HH-5004", "among strangers")
    device.sync()
    assert "among strangers" in [row["text"] for row in server.rows("note")]
    Device.enrolled(server, "Tomas Hale", "newcomer").sync()
    for connection in held:
        connection.close()


def unknown_code(server, peer):
    request = wire.Request(os.urandom(16), peer.sign, peer.box, "tablet", "linux")
    return wire.request_seal(peer.server, os.urandom(32), request, os.urandom(32))


def played_again(line, frame):
    """From now on every welcome that comes down the line is `frame`."""
    def hook(_, direction, data):
        return sp.message(data[8:12] + frame) if direction == DOWN and kind_of(data[12:]) == wire.WELCOME else None
    line.on_message = hook


@promise
def a_welcome_recorded_on_the_line_and_played_again_is_not_believed():
    with World() as world:
        server = Server.made(world)
        line = world.proxy(server)
        device = Device.enrolled(server, ADA, "tablet", line.url)
        server.book("HH-5001", ADA)
        line.recorded = []
        device.sync()
        recorded = next(frame for direction, frame in line.recorded if direction == DOWN and kind_of(frame) == wire.WELCOME)
        for text in ("before the backup", "and this"):
            device.run("note", "HH-5001", text)
            device.sync()
        (world.dir / "backups").mkdir()
        server.run("backup", world.dir / "backups")  # what it covers is let go of on the device
        device.sync()
        made = device.run("note", "HH-5001", "meanwhile")["operation"]
        played_again(line, recorded)
        for _ in range(size(3, 5, 20)):
            answer = device.ask("sync", "--wait", "1", expect=OFFLINE)
            assert "may have been recorded" in answer.reason or "does not answer" in answer.reason, answer
        assert [row["operation"] for row in device.run("outbox")["operations"]] == [made]
        assert not device.told("incident")
        line.on_message = None
        device.sync()
        assert not server.incidents(), server.incidents()
        assert [row["text"] for row in server.rows("note")].count("meanwhile") == 1
        insist_on_equality(server, device)
        server.verify()


@promise
def connections_that_ask_with_an_unknown_code_shut_nobody_out():
    with World() as world:
        the_honest_get_through(world, unknown_code)


@promise
def connections_that_replay_a_hello_shut_nobody_out():
    with World() as world:
        the_honest_get_through(world, lambda _, peer: peer.hello())


def hold_sessions(peer, count=FEW):
    """Connections that each said one fresh frame of the peer's session, as far as they come."""
    held = []
    for _ in range(count):
        try:
            client = Client(peer.port)
            client.ask(peer.pull(), timeout=3)
            held.append(client)
        except (OSError, EOFError, AssertionError):
            continue
    return held


def still_open(client):
    client.connection.settimeout(0.02)
    try:
        return client.connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


@promise
def a_device_keeps_few_connections_and_none_once_it_is_stolen_and_shuts_nobody_out():
    with World() as world:
        server, peer = with_peer(world)
        device = Device.enrolled(server, "Tomas Hale", "honest")
        device.sync()
        few_descriptors(server)
        peer.start()
        held = hold_sessions(peer, 20)
        assert sum(map(still_open, held)) == 4
        device.sync()
        server.run("device", "revoke", "hand-made", "--stolen")
        until(lambda: not any(map(still_open, held)), "its connections are closed", 10)
        peer.start()
        held += hold_sessions(peer)
        device.sync()
        Device.enrolled(server, "Tomas Hale", "newcomer").sync()
        for client in held:
            client.connection.close()


@promise
def connections_that_replay_a_request_for_enrolment_shut_nobody_out():
    with World() as world:
        def recorded(server, _):
            stranger = Peer(server.port)
            request = stranger.request(server.run("device", "invite", "--technician", ADA)["code"])
            assert kind_of(stranger.ask(request)) == wire.ENROL_PENDING
            return request
        the_honest_get_through(world, recorded)


@promise
def the_server_allows_itself_as_many_descriptors_as_it_may_have():
    with World() as world:
        server, peer = with_peer(world)
        few_descriptors(server, 64, 1024)
        held = crowd(server, peer.hello(), 500)
        until(lambda: server.descriptors() > 500, "it takes them all in")
        serves(server, peer)
        for connection in held:
            connection.close()


def processor_seconds(process):
    fields = open(f"/proc/{process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@promise
def a_server_without_a_descriptor_to_spare_sleeps_says_so_once_and_goes_on_when_there_is_one():
    with World() as world:
        server, peer = with_peer(world)
        least = server.descriptors() + 4
        few_descriptors(server, least, least)
        held = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(80)]  # not even a greeting
        until(lambda: server.descriptors() >= least, "every descriptor is used")
        waiting = [world.start("status.log", "truckrolld", "status", "--dir", server.dir) for _ in range(2)]
        log = world.dir / server.log
        until(lambda: "descriptors.used_up" in log.read_text(), "the log says what is the matter")
        before = processor_seconds(server.process)
        time.sleep(2)
        used = processor_seconds(server.process) - before
        tell(f"{used:.2f} s of processor time in 2 s")
        assert used < 1 if SANITIZED else used < 0.5, f"{used} s of processor time in 2 s"
        for connection in held:
            connection.close()
        codes = [process.wait(timeout=30) for process in waiting]
        assert codes == [0, 0], f"{codes}: {(world.dir / 'status.log').read_text()}"
        assert log.read_text().count("descriptors.used_up") == 1
        serves(server, peer)


@promise
def commands_have_descriptors_however_many_connect():
    with World() as world:
        server, peer = with_peer(world)
        few_descriptors(server, 64, 64)
        held = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(80)]
        server.verify()
        assert server.descriptors() < 64 and "descriptors.used_up" not in (world.dir / server.log).read_text()
        serves(server, peer)
        for connection in held:
            connection.close()


@promise
def a_caller_who_says_nothing_is_cut_off_and_costs_an_agent_no_processor_time():
    with World() as world:
        server, _ = with_peer(world)
        device = Device.enrolled(server, ADA, "tablet-1")
        device.start_agent()
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(device.dir / "sock"))
            caller.settimeout(20)
            before = processor_seconds(device.agent)
            assert caller.recv(1) == b"", "it was answered"
            used = processor_seconds(device.agent) - before
        tell(f"{used:.2f} s of processor time")
        assert used < 2, f"{used} s of processor time"
        device.stop_agent()


if __name__ == "__main__":
    tap.main()
