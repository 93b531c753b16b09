#!/usr/bin/env python3
"""An operation whose handler ends the server: tried three times and counted, then kept aside; everything else goes on."""
import contextlib
import pathlib
import signal
import sqlite3

import tap
from harness import CORRUPT, DONE, PATIENCE, REFUSED, Device, Server, World
from tap import promise

WORDS = "end the process"  # of tests/blackbox/poisoned.c
ADA, TOMAS = "Ada Brannock", "Tomas Hale"


def poisoned(world):
    server = Server.made(world, start=False)
    server.program = "truckrolld_poisoned"
    server.start()
    return server


def outcome_of(server, operation):
    return next((row["outcome"] for row in server.log_of_operations() if row["id"] == operation), None)


def incidents(server, kind):
    return [row for row in server.incidents("--all") if row["kind"] == kind]


def sync_until_parked(server, device, operation, others=()):
    """How often the server ended by its own fault."""
    ends = 0
    for _ in range(40):
        said = device.ask("sync", expect=None)
        if said.code == DONE:
            return ends
        if server.process.poll() is None:
            continue  # a busy machine
        assert server.process.wait(timeout=PATIENCE) == -signal.SIGABRT, str(said)
        ends += 1
        server.start()
        for other in others:
            other.run("note", "HH-5002", f"after end {ends}")
            other.sync()
    raise AssertionError(f"{operation} is tried for ever")


@promise
def what_ends_the_server_is_parked_at_the_third_counted_try_and_nothing_else_waits_or_is_lost():
    with World() as world:
        server = poisoned(world)
        ada, tomas = Device.enrolled(server, ADA, "tablet"), Device.enrolled(server, TOMAS, "laptop")
        server.book("HH-5001", ADA)
        server.book("HH-5002", TOMAS)
        ada.sync()
        tomas.sync()
        before = ada.run("note", "HH-5001", "before")["operation"]
        bad = ada.run("note", "HH-5001", WORDS)["operation"]
        behind = ada.run("note", "HH-5001", "behind")["operation"]
        assert sync_until_parked(server, ada, bad, [tomas]) == 4, "the first end is not counted, three are"
        assert [outcome_of(server, operation) for operation in (before, bad, behind)] == ["applied", "parked", "applied"]
        assert {"after end 1", "after end 4"} <= {row["text"] for row in server.rows("note")}
        told = ada.ask("trace", bad[:12])
        assert told.json["outcome"] == "parked" and told.json["rule"] == "bug", str(told)
        said = server.ask("status")
        assert said.json["incidents"] >= 2 and said.json["careful"] is False, str(said)
        found, = incidents(server, "poison")
        assert found["operation"] == bad and found["device_id"] == ada.id and "parked release" in found["words"], found
        assert incidents(server, "unclean_stop"), "nobody is told that the server stopped"
        server.run("incident", "acknowledge", str(found["number"]), "--text", "told the maker")
        assert [row["note"] for row in incidents(server, "poison")] == ["told the maker"]
        server.stop()
        server.program = "truckrolld"  # mended
        server.start()
        assert [row["id"] for row in server.run("parked", "list")["operations"]] == [bad]
        said = server.run("parked", "release", bad[:12], "--reason", "the program was mended")
        assert [row["outcome"] for row in said["operations"]] == ["applied"], said
        assert not server.run("parked", "list")["operations"]
        assert server.run("trace", bad)["reason"] == "the program was mended"
        ada.sync()
        assert ada.run("trace", bad[:12])["outcome"] == "applied"
        assert WORDS in {note["text"] for note in ada.run("show", "HH-5001")["notes"]}
        assert "not parked" in server.ask("parked", "discard", bad[:12], "--reason", "x", expect=REFUSED).reason
        server.verify()
        server.stop()


@promise
def a_person_puts_right_or_away_what_is_parked_and_the_author_is_told():
    with World() as world:
        server = Server.made(world)
        ada, tomas = Device.enrolled(server, ADA, "tablet"), Device.enrolled(server, TOMAS, "laptop")
        server.book("HH-5001", ADA)
        ada.sync()
        tomas.sync()
        kept = ada.run("note", "HH-5001", "kept")["operation"]
        away = ada.run("note", "HH-5001", "made twice")["operation"]
        asked = ada.run("create", "service_request", "text=Gate stukc", "site_id=Cairn Hotel")["operation"]
        server.run("device", "revoke", "--stolen", ada.id)
        ada.ask("sync", expect=None)
        assert {outcome_of(server, kept), outcome_of(server, away)} == {"parked"}
        said = server.run("parked", "correct", asked[:12], "text=Gate stuck")
        assert [row["outcome"] for row in said["operations"]] == ["applied"], said
        assert server.find("service_request", id=asked)["text"] == "Gate stuck"
        assert server.ask("parked", "correct", kept[:12], "text=other", expect=REFUSED)
        server.run("parked", "discard", away[:12], "--reason", "made twice")
        assert "made twice" in next(row["words"] for row in server.log_of_operations() if row["id"] == away)
        said = server.run("parked", "release", "--device", "tablet")
        assert [row["operation"] for row in said["operations"]] == [kept], said
        assert "kept" in {row["text"] for row in server.rows("note")}
        assert "搁置" in server.ask("parked", "release", "--help", "--lang", "zh").out
        assert server.ask("parked", "release", expect=None).code == 2
        server.verify()
        server.stop()


@promise
def a_server_that_was_killed_between_commits_suspects_nobody_and_goes_on_as_ever():
    with World() as world:
        server = Server.made(world)
        ada = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        ada.sync()
        server.kill()
        server.start()
        assert server.run("status")["careful"] is False
        made = [ada.run("note", "HH-5001", f"note {number}")["operation"] for number in range(5)]
        before = server.run("status")["commit"]
        ada.sync()
        assert server.run("status")["commit"] - before < 5, "they were decided one by one"
        assert [outcome_of(server, operation) for operation in made] == ["applied"] * 5
        told, = incidents(server, "unclean_stop")
        assert "work=nothing" in told["detail"] and not incidents(server, "poison"), told
        server.verify()
        server.stop()
        server.start()
        assert len(incidents(server, "unclean_stop")) == 1, "it stopped as it should"
        server.stop()


@promise
def only_whose_operations_were_being_decided_is_suspected_and_named_and_that_outlives_a_stop_as_it_should_be():
    with World() as world:
        server = poisoned(world)
        ada, tomas = Device.enrolled(server, ADA, "tablet"), Device.enrolled(server, TOMAS, "laptop")
        server.book("HH-5001", ADA)
        server.book("HH-5002", TOMAS)
        ada.sync()
        tomas.sync()
        bad = ada.run("note", "HH-5001", WORDS)["operation"]
        ada.ask("sync", expect=None)
        assert server.process.wait(timeout=PATIENCE) == -signal.SIGABRT
        server.start()
        assert server.run("status")["careful"] is True
        told, = incidents(server, "unclean_stop")
        assert told["device_id"] == ada.id and told["detail"] == "work=deciding;suspects=1", told
        for number in range(20):
            tomas.run("note", "HH-5002", f"note {number}")
        before = server.run("status")["commit"]
        tomas.sync()
        assert server.run("status")["commit"] - before < 5, "who is not suspected was decided one by one"
        server.stop()
        assert server.run("status")["careful"] is True, "looking ended it"
        server.program = "truckrolld"  # mended before it was tried three times
        server.start()
        ada.sync()
        assert outcome_of(server, bad) == "applied" and not incidents(server, "poison")
        assert server.run("status")["careful"] is False
        server.verify()
        server.stop()


@promise
def a_server_that_could_not_begin_is_not_taken_for_one_that_stopped_without_a_word():
    with World() as world:
        server = Server.made(world)
        server.stop()
        path = pathlib.Path(server.dir) / "organisation.db"
        whole = path.read_bytes()
        with contextlib.closing(sqlite3.connect(path)) as store:
            (size,), = store.execute("PRAGMA page_size")
            (page,), = store.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'attempt'")
        path.write_bytes(whole[:(page - 1) * size] + b"\xff" * size + whole[page * size:])
        said = server.ask("visit", "book", "HH-5001", ADA, expect=None)
        assert said.code == CORRUPT, str(said)
        assert not (path.parent / "running").exists()
        path.write_bytes(whole)
        server.start()
        assert not incidents(server, "unclean_stop")
        server.stop()


if __name__ == "__main__":
    tap.main()
