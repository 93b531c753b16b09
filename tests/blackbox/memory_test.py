#!/usr/bin/env python3
"""Memory that is not there: the program ends, or says so; what it called saved or took stays, and nothing happens twice."""
import json
import random

import tap
from equal import insist_on_equality
from harness import BUILD, CANNOT_WRITE, SANITIZED, World, end, with_a_job
from oracle import Told
from tap import Skip, promise, size, tell, until

SHIM = BUILD / "tests" / "faults" / "shim.so"
SEED = 67


def need_shim():
    if SANITIZED:
        raise Skip("a sanitizer has allocations of its own")


def failing_at(number):
    """What to put before a program, so that its number-th allocation fails."""
    return ["env", f"LD_PRELOAD={SHIM}", f"SHIM_FAIL={number}"]


def allocations(device, *words):
    """How many a command makes when all goes well."""
    count = device.world.dir / "count"
    device.ask(*words, before=["env", f"LD_PRELOAD={SHIM}", f"SHIM_COUNT={count}"])
    return int(count.read_text())


def chosen(count, normal):
    """Which allocations fail: every one in full size, else some, always among them the first and the last."""
    few = size(max(2, normal // 4), normal, count)
    return sorted(set([1, count] + random.Random(SEED).sample(range(1, count + 1), min(few, count))))


@promise
def a_command_without_memory_at_any_allocation_saves_or_does_not_and_says_nothing_false():
    need_shim()
    with World() as world:
        server, device = with_a_job(world)
        told, ended = Told(), {}
        count = allocations(device, "note", "HH-5001", told.next_text())
        told.texts.clear()
        told.texts["note 1 of the oracle"] = device.run("outbox")["operations"][-1]["operation"]
        numbers = chosen(count, 60)
        for number in numbers:
            text = told.next_text()
            answer = device.ask("note", "HH-5001", text, expect=None, before=failing_at(number))
            ended[answer.code] = ended.get(answer.code, 0) + 1
            assert answer.code in (0, CANNOT_WRITE, -6, 134) or answer.code < 8, str(answer)
            if answer.code == 0:
                told.texts[text] = json.loads(answer.out)["operation"]
        assert device.run("note", "HH-5001", told.next_text())["saved"], "afterwards nothing is saved"
        device.sync()
        told.texts.popitem()
        told.texts[f"note {told.serial} of the oracle"] = None
        insist_on_equality(server, device)
        told.judge(server)
        tell(f"seed {SEED}: {len(numbers)} of {count} allocations failed; exit codes {ended}")


@promise
def a_sync_without_memory_at_any_allocation_loses_nothing_and_sends_nothing_twice():
    need_shim()
    with World() as world:
        server, device = with_a_job(world)
        told = Told()

        def write():
            text = told.next_text()
            told.texts[text] = device.run("note", "HH-5001", text)["operation"]

        write()
        count = allocations(device, "sync", "--wait", "10")
        numbers = chosen(count, 16)
        for number in numbers:
            write()
            device.ask("sync", "--wait", "2", expect=None, before=failing_at(number))
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)
        tell(f"seed {SEED}: {len(numbers)} of {count} allocations failed")


@promise
def a_server_without_memory_at_any_allocation_acknowledges_nothing_that_it_does_not_keep():
    need_shim()
    with World() as world:
        server, device = with_a_job(world)
        told, dice, died = Told(), random.Random(SEED), 0
        server.stop()
        for trial in range(size(3, 8, 200)):
            text = told.next_text()
            told.texts[text] = device.run("note", "HH-5001", text)["operation"]
            server.ready.unlink(missing_ok=True)
            number = dice.randint(1, 2500)
            server.process = world.start(server.log, "truckrolld", "serve", "--dir", server.dir, "--listen", f"tcp://127.0.0.1:{server.port}",
                                         "--ready-file", server.ready, before=failing_at(number))
            until(lambda: server.process.poll() is not None or server.ready.exists(), "the server is ready, or has ended", 30)
            if server.process.poll() is None:
                device.ask("sync", "--wait", "1", expect=None)
            died += server.process.poll() is not None
            end(server.process)
            acknowledged = {o["operation"] for o in device.run("outbox", "--all")["operations"] if o["state"] not in ("saved", "sent")}
            lost = acknowledged - {o["id"] for o in server.log_of_operations()}
            assert not lost, f"allocation {number}: acknowledged and gone: {lost}"
        server.start()
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)
        tell(f"seed {SEED}: in {died} of {trial + 1} trials the server ended by itself")


def memory_of(server, name):
    """KiB, as the system counts them."""
    lines = (line.split() for line in open(f"/proc/{server.process.pid}/status"))
    return next(int(words[1]) for words in lines if words[0] == name)


@promise
def a_server_with_little_memory_goes_on_or_is_started_again_and_keeps_what_it_acknowledged():
    if SANITIZED:
        raise Skip("a sanitizer reserves all there is")
    with World() as world:
        server, device = with_a_job(world)
        room = memory_of(server, "VmSize:") + (24 << 10)
        server.stop()
        server.start(before=("prlimit", f"--as={room << 10}:{room << 10}"))
        for number in range(size(5, 20, 200)):
            device.run("note", "HH-5001", f"in a small room {number}")
        files = world.dir / "large.csv"
        files.write_text("record=part,key,number,description\n" + "".join(f",p{n},P{n},{'x' * 3000}\n" for n in range(size(2000, 8000, 40000))))
        answer = server.ask("import", "--apply", files, expect=None)
        if server.process.poll() is not None:
            assert answer.code != 0, "it ended, and the import was called done"
            server.start()
        device.sync(wait=60)
        insist_on_equality(server, device)
        texts = [row["text"] for row in server.rows("note")]
        assert len(texts) == len(set(texts)) == size(5, 20, 200)
        tell(f"the import ended with {answer.code}")


if __name__ == "__main__":
    tap.main()
