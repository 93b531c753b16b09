#!/usr/bin/env python3
"""A disk that fails under the real programs, by strace: after a sync that failed nothing more is synced or acknowledged, the program ends,
and its next start makes good. A disk that is full refuses, and goes on when there is room."""
import subprocess

import tap
from equal import insist_on_equality
from failing_syncs import SYNCS, after_failure, injecting, need_strace
from harness import CANNOT_WRITE, OFFLINE, World, with_a_job
from oracle import Told, insist_on_acknowledged, write_note
from tap import promise, size, tell, until


def insist_on_an_end(process, work, times, trace):
    """Some of the work makes the process sync; it ends with the sync that fails, and syncs nothing more."""
    for _ in range(times):
        work()
        if process.poll() is not None:
            break
    until(lambda: process.poll() is not None, "the program ends")
    assert process.wait() == CANNOT_WRITE, f"it ended with {process.returncode}"
    assert after_failure(trace) == [], "it synced again"


@promise
def a_command_whose_sync_failed_did_not_save_and_does_not_sync_again():
    need_strace()
    with World() as world:
        server, device = with_a_job(world)
        told = Told()
        write_note(device, told)
        for number in range(size(1, 3, 10)):
            text, trace = told.next_text(), world.dir / "trace"
            answer = device.ask("note", "HH-5001", text, expect=CANNOT_WRITE, before=injecting(trace, device.dir / "outbox.db", SYNCS, "EIO", 1))
            assert "outbox.db" in answer.reason, str(answer)
            assert after_failure(trace) == [], "it synced again"
            assert (device.dir / "outbox.db-unsynced").exists()
            write_note(device, told)
            assert not (device.dir / "outbox.db-unsynced").exists(), "the next command did not make good"
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)


@promise
def an_agent_whose_sync_failed_ends_and_its_next_start_makes_good():
    need_strace()
    with World() as world:
        server, device = with_a_job(world)
        told = Told()
        server.stop()
        for when in range(1, size(2, 3, 12)):
            trace = world.dir / "trace"
            device.start_agent(before=injecting(trace, device.dir / "outbox.db", SYNCS, "EIO", when))
            insist_on_an_end(device.agent, lambda: write_note(device, told), when + 2, trace)
        server.start()
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)


def write_and_sync(device, told):
    write_note(device, told)
    device.ask("sync", "--wait", "1", expect=None)


@promise
def a_server_whose_sync_failed_ends_and_acknowledged_nothing_that_is_not_there():
    need_strace()
    with World() as world:
        server, device = with_a_job(world)
        told = Told()
        server.stop()
        for when in range(1, size(2, 3, 20)):
            trace = world.dir / "trace"
            server.start(before=injecting(trace, server.dir / "organisation.db", SYNCS, "EIO", when))
            insist_on_an_end(server.process, lambda: write_and_sync(device, told), when + 2, trace)
            server.verify()
            insist_on_acknowledged(server, device)
        server.start()
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)


@promise
def a_write_that_finds_no_room_is_refused_and_the_server_goes_on_by_itself():
    need_strace()
    with World() as world:
        server, device = with_a_job(world)
        told = Told()
        trace = world.dir / "trace"
        tracer = subprocess.Popen([*injecting(trace, server.dir / "organisation.db", "pwrite64", "ENOSPC", "1..3"), "-p", str(server.process.pid)],
                                  stderr=subprocess.DEVNULL)
        until(trace.exists, "the tracer is there")
        write_note(device, told)
        codes = []
        while len(codes) < 8 and 0 not in codes:
            codes.append(device.ask("sync", "--wait", "1", expect=None).code)
        assert codes[0] == OFFLINE and codes[-1] == 0, codes
        assert server.process.poll() is None, "the server ended"
        insist_on_equality(server, device)
        told.judge(server)
        tell(f"{trace.read_text().count('INJECTED')} writes failed")
        assert "INJECTED" in trace.read_text()
        tracer.terminate()
        tracer.wait()


if __name__ == "__main__":
    tap.main()
