#!/usr/bin/env python3
"""Memory that is not there: the program ends, or says so; what it called saved or took stays, and nothing happens twice."""
import collections
import os
import pathlib
import shutil

import tap
from equal import insist_on_equality
from harness import BUILD, CORRUPT, DONE, NEWER, OFFLINE, PATIENCE, SANITIZED, Device, Server, World, end, with_a_job
from oracle import Told, insist_on_acknowledged, write_note
from stores import rows_counted
from tap import Skip, promise, size, tell, until

SHIM = BUILD / "tests" / "faults" / "shim.so"
SEED = 67
ENDED = 8  # as an arena without memory ends a program, with a sentence: all that is durable is whole
CODES = range(DONE, NEWER + 1)


def need_shim():
    if SANITIZED:
        raise Skip("a sanitizer has allocations of its own")


def failing_at(number):
    """What to put before a program, so that its number-th allocation fails."""
    return ["env", f"LD_PRELOAD={SHIM}", f"SHIM_FAIL={number}"]


def allocations(place, *words):
    """How many a command makes when all goes well, and what it says then."""
    count = place.world.dir / "count"
    answer = place.ask(*words, before=["env", f"LD_PRELOAD={SHIM}", f"SHIM_COUNT={count}"])
    return int(count.read_text()), answer


def chosen(count, quick, normal, full):
    """Which allocations fail, evenly spread and the last among them. TRUCKROLL_EVERY_ALLOCATION=1: each."""
    few = count if os.environ.get("TRUCKROLL_EVERY_ALLOCATION") else min(size(quick, normal, full), count)
    return sorted({count - (i * count + SEED % count) // few for i in range(few)} | {count})


def insist_on_words(answer, number):
    """Done, a sentence, or an end: never a crash, and never damage, since nothing is damaged."""
    assert answer.code in (*CODES, ENDED) and answer.code != CORRUPT, f"allocation {number}: {answer}"
    assert answer.code in (DONE, ENDED) or answer.reason, f"allocation {number}: it failed without a word: {answer}"
    assert answer.code != ENDED or "no memory left" in answer.err, f"allocation {number}: it ended without a word: {answer}"


# ---- commands, each as it stands alone ----


def at_work(world):
    """Ada's tablet with a visit that has begun, and the office, which does not serve any more."""
    server, device = with_a_job(world)
    device.go_to_work("HH-5001")
    device.sync()
    device.run("outbox")
    server.stop()
    return server, device


def with_parked_work(world):
    """An office, which does not serve any more, with an operation that waits for a person."""
    server, device = with_a_job(world)
    kept = device.run("note", "HH-5001", "kept")["operation"]
    server.run("device", "revoke", "--stolen", device.id)
    device.ask("sync", expect=None)
    server.stop()
    assert [row["id"] for row in server.run("parked", "list")["operations"]] == [kept]
    return server, device


def two_parts(world):
    path = world.dir / "parts.csv"
    path.write_text("record=part,key,number,description\n,p1,P1,one\n,p2,P2,two\n")
    return path


FINISH = ("--cause", "leak", "--action", "replaced", "--text", "new seal", "--signer", "B. Harper")
DEVICE_COMMANDS = [("note", "HH-5001", "gate code changed"), ("use", "HH-1038", "--visit", "HH-5001"), ("finish", "HH-5001", *FINISH),
                   ("show", "HH-5001"), ("kb", "search", "pump"), ("doctor", "--offline")]


def folders_of(place):
    return [place.dir, place.keys] if isinstance(place, Device) else [place.dir]


def put_back(place, copies):
    """The same files with what they held: a folder of others would be a copied device."""
    for folder, copy in zip(folders_of(place), copies):
        for path in folder.iterdir():
            if path.is_file() and not (copy / path.name).exists():
                path.unlink()
        for path in filter(pathlib.Path.is_file, copy.iterdir()):
            with open(folder / path.name, "wb") as file:
                file.write(path.read_bytes())


def fail_each(place, copies, words):
    """All of a command or nothing of it is there, and all when it says so; what it shows is true, or not shown."""
    before, ended = rows_counted(place.dir), collections.Counter()
    count, truth = allocations(place, *words)
    after = rows_counted(place.dir)
    later = {**before, **{name: rows for name, rows in after.items() if name[0] == "outbox.db"}}  # saved; the next command shows it
    numbers = chosen(count, 3, 14, 30)
    for number in numbers:
        put_back(place, copies)
        answer = place.ask(*words, expect=None, before=failing_at(number))
        insist_on_words(answer, number)
        ended[answer.code] += 1
        found = rows_counted(place.dir)
        may_be = [before, later, after] if answer.code != DONE else [later] if "saved.later" in answer.out else [after]
        assert found in may_be, f"allocation {number}: {answer}\n{differing(found, before, after)}"
        if answer.code == DONE and before == after:
            assert without_what_moves(answer.json) == without_what_moves(truth.json), f"allocation {number}: it showed something else: {answer}"
    put_back(place, copies)
    assert place.ask(*words).code == DONE and rows_counted(place.dir) == after
    put_back(place, copies)
    tell(f"{words[0]}: {len(numbers)} of {count} allocations failed; exit codes {dict(ended)}")


def fail_all(place, commands):
    copies = [place.world.dir / f"copy of {folder.name}" for folder in folders_of(place)]
    for folder, copy in zip(folders_of(place), copies):
        shutil.copytree(folder, copy)
    for words in commands:
        fail_each(place, copies, words)


def without_what_moves(shown):
    """SQLite quotes another line of an article when it has no memory to look for the best; the disk and the clock are not the same twice."""
    if "articles" in shown:
        return {**shown, "articles": [{**article, "excerpt": None} for article in shown["articles"]]}
    if "checks" in shown:
        return {**shown, "checks": [{**line, "found": None} if line["check"] in ("disk", "clock") else line for line in shown["checks"]]}
    return shown


def differing(found, before, after):
    return "\n".join(f"{name}: {count} rows, {before.get(name)} before, {after.get(name)} after it" for name, count in found.items()
                     if count not in (before.get(name), after.get(name)) or before.get(name) != after.get(name))


@promise
def a_command_of_a_device_without_memory_at_any_allocation_is_done_whole_or_not_at_all_and_says_nothing_false():
    need_shim()
    with World() as world:
        _, device = at_work(world)
        fail_all(device, DEVICE_COMMANDS)


@promise
def a_command_of_the_office_without_memory_at_any_allocation_is_done_whole_or_not_at_all_and_says_nothing_false():
    need_shim()
    with World() as world:
        server, device = with_parked_work(world)
        fail_all(server, [("import", "--apply", two_parts(world)), ("visit", "book", "HH-5002", "Ada Brannock", "--dispatch"), ("verify",),
                          ("parked", "release", "--device", "tablet")])


# ---- what two programs do together ----


@promise
def a_sync_without_memory_at_any_allocation_loses_nothing_and_sends_nothing_twice():
    need_shim()
    with World() as world:
        server, device = with_a_job(world)
        told = Told()

        write_note(device, told)
        count, _ = allocations(device, "sync", "--wait", "10")
        numbers = chosen(count, 4, 16, 40)
        for number in numbers:
            write_note(device, told)
            answer = device.ask("sync", "--wait", "2", expect=None, before=failing_at(number))
            insist_on_words(answer, number)
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)
        tell(f"{len(numbers)} of {count} allocations failed")


def allocations_of_serving(server, device, told):
    """From its start to its end, with one sync in between."""
    count = server.world.dir / "count"
    server.start(before=["env", f"LD_PRELOAD={SHIM}", f"SHIM_COUNT={count}"])
    write_note(device, told)
    device.sync()
    server.stop()
    return int(count.read_text())


@promise
def a_server_without_memory_at_any_allocation_acknowledges_nothing_that_it_does_not_keep():
    need_shim()
    with World() as world:
        server, device = with_a_job(world)
        told, died = Told(), 0
        server.stop()
        numbers = chosen(allocations_of_serving(server, device, told), 3, 8, 20)
        for number in numbers:
            write_note(device, told)
            server.ready.unlink(missing_ok=True)
            server.process = world.start(server.log, "truckrolld", "serve", "--dir", server.dir, "--listen", f"tcp://127.0.0.1:{server.port}",
                                         "--ready-file", server.ready, before=failing_at(number))
            until(lambda: server.process.poll() is not None or server.ready.exists(), "the server is ready, or has ended", 30)
            if server.process.poll() is None:
                device.ask("sync", "--wait", "1", expect=None)
            died += server.process.poll() is not None
            code = end(server.process)
            assert code in (*CODES, ENDED), f"allocation {number}: it ended with {code}"
            insist_on_acknowledged(server, device)
        server.start()
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)
        tell(f"{len(numbers)} of some {numbers[-1]} allocations failed; {died} times the server ended by itself")


@promise
def an_enrolment_without_memory_at_any_allocation_is_done_or_goes_on_when_asked_again_and_makes_one_device():
    need_shim()
    with World() as world:
        server = Server.made(world)
        device, copy, ended = Device(world, "tablet"), world.dir / "copy", collections.Counter()
        code = server.run("device", "invite", "--technician", "Ada Brannock")["code"]
        words = ("enroll", code, "--server", server.url, "--name", device.name, "--wait")
        device.ask(*words, 0, expect=OFFLINE)
        device.id = server.run("device", "list")["devices"][0]["id"]
        server.run("device", "approve", device.id)
        shutil.copytree(device.keys, copy)
        count, _ = allocations(device, *words, PATIENCE)
        numbers = chosen(count, 3, 14, 30)
        for number in numbers:
            for folder in (device.dir, device.keys):
                shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(copy, device.keys)
            answer = device.ask(*words, PATIENCE, expect=None, before=failing_at(number))
            insist_on_words(answer, number)
            ended[answer.code] += 1
            again = device.ask(*words, PATIENCE, expect=None)
            assert again.code == DONE or "is enrolled already" in again.reason, f"allocation {number}: {answer}\n{again}"
            assert (answer.code == DONE) <= (again.code != DONE), f"allocation {number}: it was called enrolled: {answer}"
            assert device.run("status")["device"] == device.id, f"allocation {number}: {answer}\n{again}"
        assert [row["id"] for row in server.run("device", "list")["devices"]] == [device.id]
        device.sync()
        insist_on_equality(server, device)
        tell(f"{len(numbers)} of {count} allocations failed; exit codes {dict(ended)}")


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
        for number in range(size(5, 20, 60)):
            device.run("note", "HH-5001", f"in a small room {number}")
        files = world.dir / "large.csv"
        files.write_text("record=part,key,number,description\n" + "".join(f",p{n},P{n},{'x' * 3000}\n" for n in range(size(2000, 8000, 16000))))
        answer = server.ask("import", "--apply", files, expect=None)
        if server.process.poll() is not None:
            assert answer.code != 0, "it ended, and the import was called done"
            server.start()
        device.sync(wait=60)
        insist_on_equality(server, device)
        texts = [row["text"] for row in server.rows("note")]
        assert len(texts) == len(set(texts)) == size(5, 20, 60)
        tell(f"the import ended with {answer.code}")


if __name__ == "__main__":
    tap.main()
