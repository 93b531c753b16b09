#!/usr/bin/env python3
"""A storm of hostile connections, and messages that claim or unfold to far more than they are: the server answers at once, and is as small
afterwards as it was before."""
import os
import random
import socket
import struct
import subprocess
import time

import sp
import tap
from harness import BUILD, SANITIZED, Device, Server, World
from peer import Peer, kind_of, packed, section, wire
from tap import promise, size, tell, until

ADA = "Ada Brannock"
GROWTH_KB = (128 if SANITIZED else 16) * 1024
SEED = 61


def with_peer(world):
    server = Server.made(world)
    peer = Peer(server.port)
    peer.enrol(server, ADA)
    return server, peer


def probe(peer):
    """Seconds until an honest hello is answered."""
    began = time.monotonic()
    assert kind_of(peer.ask(peer.hello(), timeout=10)) == wire.WELCOME
    return time.monotonic() - began


def storm(world, server, peer, count, seed):
    frame = world.dir / "frame"
    frame.write_bytes(peer.hello())
    done = subprocess.run([BUILD / "tests" / "faults" / "storm", str(server.port), str(count), str(seed), frame], capture_output=True, check=True,
                          timeout=1200)
    return int(done.stdout)


@promise
def after_a_storm_of_hostile_connections_a_device_gets_through_and_the_server_is_as_it_was():
    with World() as world:
        server, peer = with_peer(world)
        device = Device.enrolled(server, "Tomas Hale", "honest")
        server.book("HH-5004", "Tomas Hale")
        device.sync()
        storm(world, server, peer, size(200, 500, 8000), SEED)  # what the allocator keeps for itself is kept from here on
        until(lambda: server.descriptors() < 40, "the descriptors are given back", 60)
        memory, descriptors = server.memory_kb(), server.descriptors()
        made = storm(world, server, peer, size(500, 1000 if SANITIZED else 3000, 50000), SEED + 1)
        took = probe(peer)
        device.run("note", "HH-5004", "after the storm")
        device.sync()
        assert "after the storm" in [row["text"] for row in server.rows("note")]
        until(lambda: server.descriptors() <= descriptors * 1.05 + 1, "the descriptors are given back", 60)
        grown = server.memory_kb() - memory
        tell(f"seed {SEED}: {made} connections; a probe right after took {took:.3f} s; {descriptors} descriptors before, {server.descriptors()} "
             f"after; memory grew by {grown} KiB from {memory} KiB")
        assert made > 0 and grown < 1024 * (32 if SANITIZED else 8), f"memory grew by {grown} KiB"
        server.verify()


@promise
def claims_of_any_length_are_hung_up_on_and_cost_no_memory():
    with World() as world:
        server, peer = with_peer(world)
        probe(peer)
        memory, held = server.memory_kb(), []
        for claim in (1 << 63, (1 << 64) - 1, 1 << 32, (1 << 32) - 1, 1 << 31, 80 * 1024 + 5) + (1 << 30,) * 60:
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            connection.sendall(sp.greeting(sp.REQUEST) + struct.pack(">Q", claim) + b"x" * 16)
            held.append(connection)
        for connection in held:
            try:
                assert sp.read_exactly(connection, 8) == sp.greeting(sp.REPLY) and connection.recv(1) == b"", "it was not hung up on"
            except (ConnectionError, sp.Gone):
                pass
            connection.close()
        probe(peer)
        grown = server.memory_kb() - memory
        tell(f"memory grew by {grown} KiB")
        assert grown < GROWTH_KB, f"memory grew by {grown} KiB"


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, capture_output=True, check=True).stdout


def hostile_blocks():
    """What a packed block must not be: a name, and the block."""
    zeros = zstd(bytes(1 << 20), "--no-check", "--stream-size=1048576")
    bomb = zstd(bytes(64 << 20), "--no-check", f"--stream-size={64 << 20}")
    wide = zstd(random.Random(SEED).randbytes(1 << 10) * 1024, "--no-check", "--long=27", "--stream-size=1048576")
    tiny = b"\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00"  # a frame of nothing
    skippable = b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"skip"
    return [
        ("a bomb of 64 MiB that tells its size", packed(bomb, 1 << 20)),
        ("a bomb that states less than it holds", packed(bomb, 100)),
        ("a raw size beyond the limit", packed(bomb, 64 << 20)),
        ("a raw size of 2^63", packed(zeros, 1 << 63)),
        ("a window of 128 MiB", packed(wide, 1 << 20)),
        ("a dictionary that nobody has", packed(zeros, 1 << 20, dictionary=7)),
        ("a dictionary in the frame", packed(b"\x28\xb5\x2f\xfd\x23\x07\x00\x00\x00\x01\x00\x00", 1)),
        ("skippable frames before it", packed(skippable * 50 + zeros, 1 << 20)),
        ("a frame behind it", packed(zeros + tiny, 1 << 20)),
        ("six thousand tiny frames", packed(tiny * 6000, 0)),
        ("another compression", packed(zeros, 1 << 20, compression=9)),
        ("a cut frame", packed(zeros[:-1], 1 << 20)),
        ("a mebibyte of zeros", packed(zeros, 1 << 20)),
        ("a mebibyte of groups of nothing", packed(zstd(b"\xff" * (1 << 20), "--no-check", "--stream-size=1048576"), 1 << 20)),
    ]


@promise
def what_an_enrolled_device_packs_to_burst_is_refused_at_once_and_costs_no_memory():
    with World() as world:
        server, peer = with_peer(world)
        peer.start()
        before = server.run("status", "--digests")
        peer.say(peer.batch(packed(b"\0", compression=0)))
        memory, slowest = server.memory_kb(), 0
        for _ in range(size(1, 2, 100)):
            for what, block in hostile_blocks():
                began = time.monotonic()
                answer = peer.say(peer.batch(block, 65536 if "groups" in what else 1))
                slowest = max(slowest, time.monotonic() - began)
                assert answer is not None and 15 in answer, f"{what}: answered {answer}"
                assert 11 not in answer, f"{what}: acknowledged"
        after = server.run("status", "--digests")
        for name in ("operations", "digests"):
            assert before[name] == after[name], name
        grown = server.memory_kb() - memory
        tell(f"the slowest refusal took {slowest * 1000:.0f} ms; memory grew by {grown} KiB")
        assert grown < GROWTH_KB, f"memory grew by {grown} KiB"
        assert kind_of(peer.ask(peer.hello(), timeout=10)) == wire.WELCOME


@promise
def a_million_tiny_frames_are_thrown_away_and_the_honest_get_through():
    with World() as world:
        server, peer = with_peer(world)
        probe(peer)
        memory, sent = server.memory_kb(), 0
        burst = b"".join(sp.message(b"\x80\0\0\1" + bytes([number])) for number in range(250)) * 40
        while sent < size(10000, 50000, 1000000):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                try:
                    connection.sendall(sp.greeting(sp.REQUEST) + burst)
                except (ConnectionError, TimeoutError):
                    pass
            sent += 10000
        took = probe(peer)
        grown = server.memory_kb() - memory
        tell(f"{sent} frames; a probe right after took {took:.3f} s; memory grew by {grown} KiB")
        assert grown < GROWTH_KB, f"memory grew by {grown} KiB"


if __name__ == "__main__":
    tap.main()
