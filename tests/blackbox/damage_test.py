#!/usr/bin/env python3
"""Damaged files: a sentence, exit code 5, nothing lost, nothing made up."""
import hashlib
import os
import random
import shutil
import sqlite3

import tap
from equal import insist_on_equality
from harness import CANNOT_WRITE, CORRUPT, DONE, NEWER, NOT_FOUND, SANITIZED, Device, Server, World, with_a_job
from stores import damage_tables, fold
from tap import promise, size, tell, until

ADA = "Ada Brannock"
SEED = 79


def truncate(path):
    data = path.read_bytes()
    path.write_bytes(data[:len(data) // 2 // 4096 * 4096 + 100])


def wipe_header(path):
    data = bytearray(path.read_bytes())
    data[:100] = bytes(100)
    path.write_bytes(data)


def shred(path):
    """Every page but the first is filled with noise."""
    data = bytearray(path.read_bytes())
    data[4096:] = random.Random(43).randbytes(len(data) - 4096)
    path.write_bytes(data)


def told_losses(server):
    return [row for row in server.incidents() if row["kind"] == "loss"]


def prepared(world):
    server, device = with_a_job(world)
    device.run("accept", "HH-5001")
    device.run("note", "HH-5001", "not sent yet")
    return server, device


def insist_on_sentence(answer, file, code=CORRUPT):
    assert answer.code == code, f"expected {code}:\n{answer}"
    assert file in answer.reason, f"the file is not named:\n{answer}"


@promise
def a_damaged_replica_is_told_put_aside_and_fetched_again_and_the_outbox_is_kept():
    for damage in (truncate, wipe_header, shred):
        with World() as world:
            server, device = prepared(world)
            fold(device.dir / "replica.db")
            damage(device.dir / "replica.db")
            insist_on_sentence(device.ask("today", expect=None), "replica.db")
            doctor = device.ask("doctor", expect=None)
            assert doctor.code == CORRUPT and "--repair" in doctor.out, str(doctor)
            device.ask("doctor", "--repair", "--offline", expect=None)
            assert list(device.dir.glob("replica.db.*")) or list(device.dir.glob("*damaged*")), "the damaged file was not kept"
            device.sync()
            insist_on_equality(server, device)
            assert [row["text"] for row in server.rows("note")] == ["not sent yet"]


def insist_on_replacement(server, device):
    """The work is at the office, everything is equal again, the damaged file is kept, and both sides tell."""
    insist_on_equality(server, device)
    assert [row["text"] for row in server.rows("note")] == ["not sent yet"]
    kept = list(device.dir.glob("replica.damaged-*.db"))
    assert len(kept) == 1, f"put aside: {kept}"
    told, = [row for row in server.incidents() if row["kind"] == "replaced"]
    assert device.name in told["words"] and "replica.db" in told["words"], told
    assert [check for check in device.run("doctor")["checks"] if check["check"] == "incident" and "a new one was begun" in check["found"]]


@promise
def a_sync_replaces_a_damaged_replica_by_itself_and_tells():
    for damage in (truncate, wipe_header, shred):
        with World() as world:
            server, device = prepared(world)
            fold(device.dir / "replica.db")
            damage(device.dir / "replica.db")
            said = device.ask("sync", "--wait", "30")
            assert "put aside as replica.damaged-" in said.err, str(said)
            insist_on_replacement(server, device)


@promise
def an_agent_replaces_a_damaged_replica_by_itself_and_tells():
    with World() as world:
        server, device = prepared(world)
        fold(device.dir / "replica.db")
        shred(device.dir / "replica.db")
        device.start_agent()
        until(lambda: [row for row in server.incidents() if row["kind"] == "replaced"], "the office is told")
        device.sync()
        device.stop_agent()
        insist_on_replacement(server, device)


def put_back(place, copy):
    shutil.rmtree(place.dir)
    shutil.copytree(copy, place.dir, ignore=shutil.ignore_patterns("sock"))


def places_of_a_part(device):
    """Where one part's id stands in the replica: in its row and in the indexes."""
    fold(device.dir / "replica.db")
    db = sqlite3.connect(device.dir / "replica.db")
    wanted, = db.execute("SELECT id FROM part ORDER BY id LIMIT 1 OFFSET 7").fetchone()
    db.close()
    whole, places, at = (device.dir / "replica.db").read_bytes(), [], -1
    while (at := whole.find(wanted, at + 1)) >= 0:
        places.append(at)
    assert len(places) >= 2, places
    return places


@promise
def a_bit_of_an_id_is_found_by_a_check_wherever_it_stands():
    """A row that its index does not name is seen by no comparison."""
    with World() as world:
        server, device = prepared(world)
        device.sync()
        places = places_of_a_part(device)
        shutil.copytree(device.dir, world.dir / "whole")
        for place in places:
            for agent in (False, True):
                put_back(device, world.dir / "whole")
                data = bytearray((device.dir / "replica.db").read_bytes())
                data[place + 6] ^= 16
                (device.dir / "replica.db").write_bytes(data)
                if agent:
                    device.start_agent()
                device.run("sync", "--check", "--wait", "30")
                if agent:
                    until(lambda: device.ask("link", expect=None).code == DONE, "the agent is there", 30)
                    device.run("sync", "--wait", "30")
                    device.stop_agent()
                insist_on_equality(server, device)


@promise
def of_two_damaged_files_neither_is_put_aside():
    with World() as world:
        server, device = prepared(world)
        for name in ("outbox.db", "replica.db"):
            fold(device.dir / name)
            shred(device.dir / name)
        for words in (("sync",), ("agent",)):
            insist_on_sentence(device.ask(*words, expect=None), ".db")
        assert not list(device.dir.glob("*damaged*")), "a file was put aside although the work is at risk"
        server.stop()


@promise
def what_cannot_be_read_of_a_job_is_told_and_not_left_out():
    with World() as world:
        server, device = with_a_job(world)
        fold(device.dir / "replica.db")
        damage_tables(device.dir / "replica.db", "asset")
        insist_on_sentence(device.ask("show", "HH-5001", expect=None), "replica.db")
        assert device.run("note", "HH-5001", "saved all the same")["saved"]
        server.stop()
        fold(server.dir / "organisation.db")
        damage_tables(server.dir / "organisation.db", "asset")
        insist_on_sentence(server.ask("show", "work_order", "HH-5001", expect=None), "organisation.db")


@promise
def a_damaged_outbox_is_told_and_nothing_is_deleted():
    for damage in (truncate, wipe_header, shred):
        with World() as world:
            server, device = prepared(world)
            fold(device.dir / "outbox.db")
            damage(device.dir / "outbox.db")
            before = (device.dir / "outbox.db").read_bytes()
            for words in (("note", "HH-5001", "more"), ("outbox",), ("sync",)):
                insist_on_sentence(device.ask(*words, expect=None), "outbox.db")
            assert (device.dir / "outbox.db").read_bytes() == before, "the damaged outbox was changed"


@promise
def a_damaged_server_store_is_told_and_not_served():
    for damage in (truncate, wipe_header, shred):
        with World() as world:
            server = Server.made(world)
            server.stop()
            fold(server.dir / "organisation.db")
            damage(server.dir / "organisation.db")
            before = (server.dir / "organisation.db").read_bytes()
            insist_on_sentence(server.ask("list", "work_order", "--limit", 100000, expect=None), "organisation.db")
            answer = server.ask("verify", expect=None)
            assert answer.code == CORRUPT, str(answer)
            assert (server.dir / "organisation.db").read_bytes() == before, "the damaged store was changed"


@promise
def a_changed_byte_anywhere_in_the_servers_store_is_found_by_verify_or_harmless():
    with World() as world:
        server = Server.made(world)
        server.stop()
        store = server.dir / "organisation.db"
        fold(store)
        whole, dice = store.read_bytes(), random.Random(47)
        truth, found = server.ask("list", "work_order", "--limit", 100000).out, 0
        for _ in range(size(10, 40, 100)):
            data = bytearray(whole)
            data[dice.randrange(100, len(data))] ^= 1 << dice.randrange(8)
            for leftover in server.dir.glob("organisation.db-*"):
                leftover.unlink()
            store.write_bytes(data)
            answer = server.ask("verify", expect=None)
            assert answer.code in (DONE, CORRUPT), str(answer)
            found += answer.code == CORRUPT
            if answer.code == DONE:
                assert server.ask("list", "work_order", "--limit", 100000).out == truth, "verify found nothing, and the orders read otherwise"
        tell(f"{found} changes were found, the others lie where nothing is")


def flip(path, dice):
    data = bytearray(path.read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def cut(path, dice):
    os.truncate(path, dice.randrange(path.stat().st_size))


def vanish(path, dice):
    path.unlink()


def grow_old(path, dice):
    """Another log than the one that belongs here: its own, of before."""
    shutil.copy(path.parent / "old" / path.name, path)


def damage_one(folder, dice):
    """Something happens to one file; says what."""
    logs = [path for path in sorted(folder.glob("*.db-wal")) if path.stat().st_size]
    files = [path for path in sorted(folder.glob("*.db*")) if path.stat().st_size and not path.name.endswith("-shm")]
    kind = dice.choice((flip, flip, flip, cut, vanish, grow_old))
    path = dice.choice(logs if kind in (vanish, grow_old) and logs else files)
    if kind is grow_old and not (folder / "old" / path.name).exists():
        kind = flip
    kind(path, dice)
    return f"{kind.__name__} {path.name}"


def untouched_copy(device, server, copy):
    """A device with logs beside its files that hold work nobody else has, a kept state of before, and the server as it is then."""
    (device.dir / "old").mkdir()
    device.run("note", "HH-5001", "before")
    for log in device.dir.glob("*.db-wal"):
        shutil.copy(log, device.dir / "old" / log.name)
    device.run("note", "HH-5001", "the work at stake")
    server.stop()
    shutil.copytree(device.dir, copy / "device")
    shutil.copytree(server.dir, copy / "server")


@promise
def whatever_happens_to_a_file_of_a_device_is_told_or_harmless_and_no_work_vanishes_in_silence():
    with World() as world:
        server, device = with_a_job(world)
        copy, dice, told, harmless = world.dir / "copy", random.Random(SEED), {}, 0
        untouched_copy(device, server, copy)
        wanted = {row["text"] for row in device.run("show", "HH-5001")["notes"]}
        for trial in range(size(4, 4 if SANITIZED else 14, 40)):
            put_back(device, copy / "device")
            put_back(server, copy / "server")
            what = damage_one(device.dir, dice)
            answers = [device.ask(*words, expect=None) for words in (("outbox", "--all"), ("show", "HH-5001"))]
            for answer in answers:
                assert answer.code in (DONE, CORRUPT) or answer.code == NOT_FOUND, f"{what}: {answer}"
                assert answer.code != CORRUPT or ".db" in answer.reason, f"{what}: {answer}"
            corrupt = CORRUPT in [answer.code for answer in answers]
            if not corrupt and answers[1].code == DONE:
                assert {row["text"] for row in answers[1].json["notes"]} <= wanted, f"{what}: {answers[1]}"
            server.start()
            synced = device.ask("sync", "--wait", "10", expect=None)
            if synced.code == CORRUPT:
                assert "replica.db" not in what, f"{what}: a sync did not replace it: {synced}"
                corrupt = True
                device.ask("doctor", "--repair", "--offline", expect=None)
                synced = device.ask("sync", "--wait", "10", expect=None)
            there = [row["text"] for row in server.rows("note")]
            assert there.count("the work at stake") <= 1 and there.count("before") <= 1, f"{what}: {there}"
            if "the work at stake" in there and synced.code == DONE:
                if "replica.db" in what:  # a bit of a row is nothing that SQLite notices by itself
                    device.run("sync", "--check", "--wait", "30")
                insist_on_equality(server, device)
            else:
                assert corrupt, f"{what}: the work is gone, and nothing was said: {answers[0]} {answers[1].code} {synced}, the office has {there}"
            told[what.split()[0]] = told.get(what.split()[0], 0) + corrupt
            harmless += not corrupt
            server.stop()
        tell(f"seed {SEED}: told {told}, harmless {harmless}")


def log_of(path):
    return path.with_name(path.name + "-wal")


@promise
def a_server_its_commands_and_an_agent_leave_nothing_in_the_log():
    with World() as world:
        server = Server.made(world, start=False)
        assert not log_of(server.dir / "organisation.db").stat().st_size, "import left its work in the log"
        server.start()
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        device.run("note", "HH-5001", "by itself")
        device.start_agent()
        device.run("note", "HH-5001", "through the agent")
        device.stop_agent()
        assert not log_of(device.dir / "outbox.db").stat().st_size, "the agent left its work in the log"
        device.sync()
        server.stop()
        for path in (server.dir / "organisation.db", device.dir / "outbox.db"):
            log_of(path).unlink(missing_ok=True)
        assert sorted(row["text"] for row in server.rows("note")) == ["by itself", "through the agent"]
        server.run("note", "HH-5001", "from the office")
        assert not log_of(server.dir / "organisation.db").stat().st_size, "an office's command left its work in the log"
        server.start()
        device.sync()
        insist_on_equality(server, device)


@promise
def a_device_says_at_its_next_command_that_its_log_lost_what_was_saved():
    with World() as world:
        server, device = prepared(world)
        for number in range(5):
            device.run("note", "HH-5001", f"note {number}")
        sent = [row["text"] for row in server.rows("note")]
        log = log_of(device.dir / "outbox.db")
        data = bytearray(log.read_bytes())
        data[len(data) // 2] ^= 16
        log.write_bytes(data)
        damaged = log.read_bytes()
        for words in (("note", "HH-5001", "over it"), ("sync",), ("agent",)):
            answer = device.ask(*words, expect=CORRUPT)
            insist_on_sentence(answer, "outbox.db")
            assert "--repair" in answer.reason and "7 were made here" in answer.reason, answer.reason
        assert "7 条" in device.ask("note", "HH-5001", "x", "--lang", "zh", expect=CORRUPT).reason
        assert device.ask("doctor", "--offline", expect=CORRUPT).out.count("outbox.db has lost") == 1
        assert device.run("today")["visits"] and log.read_bytes() == damaged, "it was looked at and changed"
        repaired = device.ask("doctor", "--repair", "--offline", expect=DONE)
        assert "at the office" in repaired.err, str(repaired)
        device.sync()
        device.run("note", "HH-5001", "after it")
        device.sync()
        insist_on_equality(server, device)
        now = [row["text"] for row in server.rows("note")]
        assert set(sent) | {"after it"} <= set(now), now
        assert device.ask("doctor", expect=DONE)


@promise
def a_sync_leaves_nothing_in_the_outboxs_log_and_many_commands_leave_little():
    with World() as world:
        server, device = prepared(world)
        device.sync()
        assert not log_of(device.dir / "outbox.db").stat().st_size, "the sync left its work in the log"
        largest = 0
        for number in range(58):
            device.run("note", "HH-5001", f"note {number}")
            largest = max(largest, log_of(device.dir / "outbox.db").stat().st_size)
        assert 100_000 < largest < 300_000, f"the log grew to {largest} bytes"
        assert log_of(device.dir / "outbox.db").stat().st_size < largest, f"the log was never folded: {largest} bytes"


def noted(server):
    """What the note beside the database says."""
    words = (server.dir / "committed").read_text().split()
    return int(words[words.index("commit") + 1])


def lose_half_of_the_log(server):
    log = log_of(server.dir / "organisation.db")
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 16
    log.write_bytes(data)


def server_with_a_history(world):
    """A killed server whose note has caught up, and two devices that know more than the damaged store will."""
    server = Server.made(world)
    devices = [Device.enrolled(server, ADA, "tablet"), Device.enrolled(server, "Tomas Hale", "phone")]
    server.book("HH-5001", ADA)
    [device.sync() for device in devices]
    for number in range(6):
        devices[0].run("note", "HH-5001", f"tablet {number}")
        devices[0].sync()
    server.run("note", "HH-5001", "office")
    [device.sync() for device in devices]
    made = server.run("status")["commit"]
    until(lambda: noted(server) == made, "the note has caught up")
    server.kill()
    return server, devices, made


@promise
def a_server_that_lost_commits_says_so_and_serves_only_when_told_to_go_on_without():
    with World() as world:
        server, devices, made = server_with_a_history(world)
        lose_half_of_the_log(server)
        serve = ("truckrolld", "serve", "--dir", server.dir, "--listen", f"tcp://127.0.0.1:{server.port}")
        answer = world.run(*serve)
        insist_on_sentence(answer, "organisation.db")
        left = server.ask("status", expect=CORRUPT).json["commit"]
        assert left < made and f"commit {left}," in answer.reason and f"commit {made} " in answer.reason and "--accept-loss" in answer.reason, str(answer)
        assert "newest backup" in answer.reason, str(answer)
        for words in (("verify",), ("status",), ("note", "HH-5001", "over it"), ("visit", "list")):
            said = server.ask(*words, expect=None)
            assert said.code == (DONE if words[0] == "visit" else CORRUPT), str(said)
        assert world.run(*serve).reason == answer.reason, "looking changed something"
        assert "提交" in world.run(*serve, "--lang", "zh").err
        server.start(options=("--accept-loss",))
        for _ in range(2):
            [device.sync() for device in devices]
        insist_on_equality(server, *devices)
        assert {f"tablet {number}" for number in range(6)} <= {row["text"] for row in server.rows("note")}
        server.verify()
        server.stop()
        server.start()
        insist_on_equality(server, *devices)


@promise
def a_loss_that_no_note_tells_of_is_told_by_the_devices():
    with World() as world:
        server, devices, made = server_with_a_history(world)
        devices.reverse() # whose operations are lost comes last: a careful server makes up for its commits with them
        lose_half_of_the_log(server)
        (server.dir / "committed").unlink()
        server.start()
        status = server.run("status")
        left = status["commit"]
        assert left < made and not told_losses(server), str(status)
        for _ in range(2):
            [device.sync() for device in devices]
        answer = server.ask("status")
        found = {row["device_id"] for row in told_losses(server)}
        telling = [device for device in devices if device.id in found]
        assert telling, str(answer)  # what they send makes commits, which then hide it from those that come later
        told = [line for line in (world.dir / server.log).read_text().splitlines() if "store.behind" in line]
        assert len(told) == len(telling), "\n".join(told)
        for device, line in zip(telling, told):
            for text in (line, answer.err):
                assert device.id[:8] in text and str(made) in text, text
                assert "accept-loss" not in text, text  # a device's word alone gives nothing up
        assert str(left) in told[0], told[0]


@promise
def a_lost_or_damaged_note_of_the_latest_commit_is_harmless_and_so_is_one_that_lags():
    with World() as world:
        server = Server.made(world)
        note = server.dir / "committed"
        old = note.read_bytes()
        server.run("note", "HH-5001", "x")
        made = server.run("status")["commit"]
        server.stop()
        assert noted(server) == made
        for damage in (note.unlink, lambda: note.write_bytes(old), lambda: note.write_bytes(b"epoch?"), lambda: note.write_bytes(b"")):
            damage()
            server.verify()
            server.start()
            server.stop()
            assert noted(server) == made


@promise
def a_store_that_is_empty_or_no_file_is_damaged():
    with World() as world:
        server, device = prepared(world)
        server.stop()
        for place, file, words in ((server, "organisation.db", ("status",)), (server, "organisation.db", ("list", "work_order")),
                                   (device, "outbox.db", ("outbox",)), (device, "outbox.db", ("note", "HH-5001", "x")),
                                   (device, "replica.db", ("today",))):
            path = place.dir / file
            fold(path)
            whole = path.read_bytes()
            for put in (lambda: path.write_bytes(b""), lambda: os.mkfifo(path), path.mkdir):
                path.unlink()
                put()
                insist_on_sentence(place.ask(*words, expect=None, timeout=20), file)
                path.rmdir() if path.is_dir() else path.unlink()
                path.touch()
            path.write_bytes(whole)


@promise
def damaged_keys_are_told():
    with World() as world:
        server, device = prepared(world)
        for path in device.keys.iterdir():
            path.write_bytes(path.read_bytes()[:20])
        answer = device.ask("sync", expect=None)
        assert answer.code == CORRUPT and str(device.keys.name) in answer.reason, str(answer)
        server.stop()
        keys = server.dir / "server.keys"
        keys.write_bytes(keys.read_bytes()[:20])
        answer = server.ask("status", expect=None)
        assert answer.code == CORRUPT and "server.keys" in answer.reason, str(answer)


@promise
def what_the_office_can_only_keep_is_listed_with_the_issues_by_both_programs():
    with World() as world:
        server, device = prepared(world)
        keys = device.keys / "device.keys"
        other = server.find("technician", name="Tomas Hale")["id"]
        lines = [f"technician = {other}\n" if line.startswith("technician =") else line for line in keys.read_text().splitlines(True)[:-1]]
        keys.write_text("".join(lines) + "check = " + hashlib.blake2b("".join(lines).encode(), digest_size=32).hexdigest() + "\n")
        device.run("note", "HH-5001", "in another's name")
        device.sync()
        for place in (server, device):
            parked = place.run("issues")["parked"]
            assert [row["rule"] for row in parked] == ["not_allowed"], parked
            assert parked[0]["author"] == "Ada Brannock" and "anew" in parked[0]["advice"], parked
            answer = place.world.run(*(("truckrolld", "issues", "--dir", server.dir) if place is server else
                                       ("truckroll", "issues", "--dir", device.dir, "--keys", device.keys)), expect=DONE)
            assert "anew" in answer.out and "Nothing is waiting" not in answer.out, str(answer)


@promise
def any_damage_to_the_servers_keys_is_damage():
    with World() as world:
        server = Server.made(world, files=[], start=False)
        other = Server.made(world, files=[], start=False, name="other")
        for name, asked in (("server.keys", ("status", "verify", "serve")), ("root.key", ("status", "verify"))):
            path = server.dir / name
            whole = path.read_bytes()
            secret = whole.index(b"secret = ") + 20
            damages = [b"", whole[:len(whole) // 2], random.Random(53).randbytes(500), whole.replace(b"secret", b"seCret"), bytes(len(whole)),
                       whole[:secret] + bytes([whole[secret] ^ 1]) + whole[secret + 1:]]
            if name == "root.key":
                damages.append((other.dir / name).read_bytes())
            for number, damage in enumerate(damages):
                path.write_bytes(damage)
                for word in asked:
                    insist_on_sentence(server.ask(word, expect=None, timeout=20), name)
            path.unlink()
            path.mkdir()
            insist_on_sentence(server.ask("status", expect=None), name)
            path.rmdir()
            path.write_bytes(whole)
            server.verify()
        (server.dir / "root.key").unlink()  # kept elsewhere
        server.verify()
        (world.dir / "passphrase").write_text("harbour and hill")
        world.run("truckrolld", "init", world.dir / "sealed", "--root-passphrase-file", world.dir / "passphrase", expect=DONE)
        world.run("truckrolld", "verify", "--dir", world.dir / "sealed", expect=DONE)


@promise
def a_directory_in_the_place_of_the_socket_is_named():
    with World() as world:
        server = Server.made(world, files=[], start=False)
        (server.dir / "sock").mkdir()
        answer = world.run("truckrolld", "serve", "--dir", server.dir, "--listen", "tcp://127.0.0.1:0", expect=CANNOT_WRITE, timeout=20)
        assert "/sock is a directory" in answer.reason and "remove it" in answer.reason, str(answer)
        assert (server.dir / "sock").is_dir()
        (server.dir / "sock").rmdir()
        server.start()


@promise
def a_store_of_a_newer_program_is_refused_and_left_alone():
    with World() as world:
        server, device = prepared(world)
        server.stop()
        for place, file, words in ((device, "outbox.db", ("note", "HH-5001", "x")), (device, "replica.db", ("today",)),
                                   (server, "organisation.db", ("status",))):
            path = place.dir / file
            fold(path)
            kept = world.dir / "kept"
            shutil.copy(path, kept)
            db = sqlite3.connect(path)
            db.execute("PRAGMA user_version = 999")
            db.commit()
            db.close()
            answer = place.ask(*words, expect=None)
            insist_on_sentence(answer, file, NEWER)
            assert "newer" in answer.reason, str(answer)
            shutil.copy(kept, path)


if __name__ == "__main__":
    tap.main()
