#!/usr/bin/env python3
"""The command line itself: help, JSON, exit codes."""
import json
import re
import signal
import sqlite3

import tap
from equal import insist_on_equality
from harness import CANNOT_WRITE, DONE, NOT_FOUND, OFFLINE, REFUSED, ROOT, USAGE, Device, Server, World, with_a_job
from tap import promise, until

ADA = "Ada Brannock"
PROGRAMS = ("truckrolld", "truckroll")
# Those that stay or wait, or make something: they are run by other tests.
NOT_BARE = {"serve", "agent", "init", "enroll", "sync"}


def command_names(world, program):
    """The commands as the program's own help lists them."""
    names = []
    for line in world.run(program, "--help", expect=DONE).out.splitlines():
        match = re.match(r"  ([a-z]+(?: [a-z]+)?)  +\S", line)
        if match and not line.startswith("  -"):
            names.append(match.group(1))
    assert len(names) > 15, names
    return names


@promise
def every_command_has_help_with_an_example():
    with World() as world:
        for program in PROGRAMS:
            for name in command_names(world, program):
                out = world.run(program, *name.split(), "--help", expect=DONE).out
                assert f"usage: {program} {name}" in out, out
                example = out.partition("\nexample")[2]
                assert f"{program} {name}" in example, out


@promise
def every_command_answers_json_in_every_case():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        for program, place in (("truckrolld", server), ("truckroll", device)):
            for name in command_names(world, program):
                if name not in NOT_BARE:
                    answer = place.ask(*name.split(), expect=None)
                    try:
                        said = json.loads(answer.out)
                    except ValueError:
                        raise AssertionError(f"not JSON: {answer}") from None
                    if answer.code != DONE:
                        assert said["error"]["exit_code"] == answer.code and said["error"]["reason"], str(answer)


@promise
def exit_codes_say_what_happened():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        visit = server.book("HH-5001", ADA, dispatch=False)
        device.sync()
        cases = [
            (server, DONE, ("status",)),
            (device, DONE, ("today",)),
            (server, NOT_FOUND, ("show", "work_order", "HH-none")),
            (device, NOT_FOUND, ("show", "HH-none")),
            (server, USAGE, ("show", "work_order")),
            (server, USAGE, ("list", "unicorns")),
            (server, USAGE, ("visit", "list", "--limit", "many")),
            (device, USAGE, ("note",)),
            (device, USAGE, ("today", "--unknown")),
            (device, USAGE, ("unknown",)),
            (device, USAGE, ("note", "HH-5001", "x", "--at", "2999-01-01")),
            (server, DONE, ("visit", "cancel", visit, "--reason", "customer moved it")),
            (server, REFUSED, ("visit", "dispatch", visit)),
            (server, NOT_FOUND, ("trace", "00000000")),
        ]
        for place, code, words in cases:
            answer = place.ask(*words, expect=None)
            assert answer.code == code, f"expected {code}:\n{answer}"
            assert code == DONE or answer.err.strip(), f"no sentence:\n{answer}"
        server.stop()
        answer = device.ask("sync", expect=OFFLINE)
        assert "cannot be reached" in answer.reason, str(answer)


@promise
def an_empty_word_names_no_record():
    with World() as world:
        server = Server.made(world)
        server.run("create", "work_order", "title=No number", "territory_id=North")
        for words in (("note", "", "oops"), ("show", "work_order", ""), ("visit", "book", "", ADA), ("visit", "list", "--order", "")):
            assert "empty" in server.ask(*words, expect=USAGE).reason, words
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        for words in (("note", "", "oops"), ("show", ""), ("accept", ""), ("use", "PMP-SEAL-22", "--visit", ""), ("van", "--location", "")):
            assert "empty" in device.ask(*words, expect=USAGE).reason, words


@promise
def a_root_key_that_is_to_be_sealed_is_never_left_unsealed():
    with World() as world:
        empty = world.dir / "passphrase"
        empty.write_text(" \n")
        answer = world.run("truckrolld", "init", world.dir / "org", "--root-passphrase-file", empty, expect=USAGE)
        assert "holds no passphrase" in answer.err, str(answer)
        assert not (world.dir / "org").exists()


@promise
def a_traced_edit_says_what_was_changed_and_nothing_else():
    with World() as world:
        server = Server.made(world)
        server.run("edit", "work_order", "HH-5001", "priority=1", "problem_code=", "released=no")
        operation = server.log_of_operations()[0]["id"]
        said = server.run("trace", operation)
        assert "arguments" not in said, said
        fields = {row["field"]: (row["old"], row["new"]) for row in said["fields"]}
        assert fields == {"priority": ("2", "1"), "problem_code": ("leak", ""), "released": ("true", "false")}, fields
        told = world.run("truckrolld", "trace", operation, "--dir", server.dir, expect=DONE).out
        assert "title" not in told and "before" in told and "after" in told, told


@promise
def what_waits_is_told_with_why_and_what_moves_it_on():
    with World() as world:
        server, device = with_a_job(world)

        def why(cause):
            """`outbox` and `trace` say the same."""
            seen = [device.run(*words) for words in (("outbox",), ("trace", "last"))]
            return seen[0] if all(each.get("waits_because") == cause for each in seen) else None

        contact = device.run("status")["last_contact_at"]
        assert contact is not None
        device.run("note", "HH-5001", "so far")
        assert why("no_agent")["last_contact_at"] == contact
        server.stop()
        device.start_agent()
        told = until(lambda: (why("offline") or {}).get("failure") and why("offline"), "the agent says that it reaches nobody")
        assert f"127.0.0.1:{server.port}" in told["failure"] and told["last_contact_at"] == contact, told
        assert "last contact" in world.run("truckroll", "outbox", "--dir", device.dir, "--keys", device.keys, expect=DONE).out
        server.start()
        device.run("link", "--now")
        until(lambda: device.run("outbox")["pending"] == 0, "everything is settled")
        assert why(None)["operations"] == [] and device.run("status")["last_contact_at"] > contact
        server.process.send_signal(signal.SIGSTOP)
        device.run("note", "HH-5001", "on its way")
        assert why("connected")
        device.agent.send_signal(signal.SIGSTOP)
        assert why("busy")
        device.agent.send_signal(signal.SIGCONT)
        server.process.send_signal(signal.SIGCONT)
        until(lambda: device.run("outbox")["pending"] == 0, "everything is settled")
        device.stop_agent()
        device.run("config", "metered", "yes")
        device.run("config", "metered_carries", "operations")
        device.start_agent()
        device.run("note", "HH-5001", "work goes, rows do not")
        until(lambda: why("held"), "the office has decided it, and may not say what came of it")
        device.stop_agent()
        assert why("decided")


@promise
def a_file_that_the_running_server_cannot_see_is_told_with_what_to_do():
    with World() as world:
        server = Server.made(world, files=())
        reason = server.ask("import", "nowhere.csv", expect=NOT_FOUND).reason
        assert "cannot open" in reason and "the running server" in reason and str(server.dir) in reason, reason
        server.stop()
        assert "the running server" not in server.ask("import", "nowhere.csv", expect=NOT_FOUND).reason


@promise
def the_office_never_gives_one_number_to_two_records():
    with World() as world:
        server = Server.made(world)
        for words in (("create", "work_order", "number=HH-5001", "title=Twin", "territory_id=North"),
                      ("create", "technician", f"name={ADA}", "territory_id=North"), ("edit", "technician", "Tomas Hale", f"name={ADA}")):
            answer = server.ask(*words, expect=REFUSED)
            assert "already (" in answer.reason, str(answer)
        server.run("edit", "work_order", "HH-5001", "priority=1")
        server.run("edit", "technician", ADA, f"name={ADA}", "language=en")
        server.run("show", "work_order", "HH-5001")
        server.run("create", "work_order", "title=No number", "territory_id=North")
        server.run("create", "work_order", "title=None either", "territory_id=North")


@promise
def the_status_tells_devices_on_line_from_devices_to_approve():
    with World() as world:
        server = Server.made(world)
        assert server.run("status")["devices_to_approve"] == 0
        device = Device(world, "tablet")
        device.start_enrolment(server.run("device", "invite", "--technician", ADA)["code"], server.url)
        until(lambda: server.run("status")["devices_to_approve"] == 1, "the device awaits approval")
        told = world.run("truckrolld", "status", "--dir", server.dir, expect=DONE).out
        assert "devices awaiting approval: 1" in told and "devices on line, waiting for news: 0" in told, told


@promise
def a_step_said_twice_is_not_taken_to_be_about_another_visit():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, "Ada Brannock", "tablet")
        for order in ("HH-5001", "HH-5002"):
            server.book(order, "Ada Brannock")
        device.sync()
        device.run("accept", "HH-5001")
        for step in ("travel", "arrive"):
            assert device.run(step, *(("HH-5001",) if step == "travel" else ()))
            answer = device.ask(step, expect=USAGE)
            assert "HH-5001" in answer.reason and "already" in answer.reason, answer
        assert {visit["state"] for visit in device.run("today")["visits"]} == {"on_site", "dispatched"}
        device.run("travel", "HH-5002")
        device.run("arrive")
        assert [visit["state"] for visit in device.run("today")["visits"]] == ["on_site", "on_site"]


@promise
def an_address_is_completed_and_one_that_none_can_be_is_refused():
    with World() as world:
        device = Device.enrolled(Server.made(world), "Ada Brannock", "tablet")
        for said in ("office.example", "tcp://office.example"):
            assert "tcp://office.example:7450" in str(device.run("server", said)), said
        for said in ("foo bar", "tcp://*:7450", "tcp://[]:7450"):
            device.ask("server", said, expect=USAGE)
        assert "tcp://office.example:7450" in str(device.run("server"))


@promise
def numbers_and_names_are_found_whatever_their_capitals():
    with World() as world:
        server = Server.made(world)
        assert server.run("show", "work_order", "hh-5001")["work_order"]["number"] == "HH-5001"
        server.run("create", "part", "number=hh-1021", "description=Another", "unit=pc")
        assert server.run("show", "part", "hh-1021")["part"]["description"] == "Another"
        device = Device.enrolled(server, ADA, "tablet")
        server.run("visit", "book", "hh-5001", ADA.upper(), "--dispatch")
        device.sync()
        device.run("accept", "hh-5001")
        device.run("note", "hh-5001", "gate code has changed")
        assert "truckroll today" in device.ask("note", "hh-none", "x", expect=NOT_FOUND).reason
        assert "truckrolld list work_order" in server.ask("note", "hh-none", "x", expect=NOT_FOUND).reason


@promise
def what_is_empty_or_wrong_is_told_in_a_sentence():
    with World() as world:
        server = Server.made(world)
        assert "say which kind of record: " in server.ask("list", expect=USAGE).reason
        for words in (("list", "unicorns"), ("show", "unicorns", "x"), ("create", "unicorns", "a=b")):
            reason = server.ask(*words, expect=USAGE).reason
            assert "work_order" in reason and "territory" in reason and "kb_article" in reason, reason
        for words, wanted in ((("list", "issue"), "There is no issue to show."), (("outcomes", "--parked"), "Nothing is parked")):
            told = world.run("truckrolld", *words, "--dir", server.dir, expect=DONE).out
            assert wanted in told, told
        assert "no operation begins with" in server.ask("trace", "zzzz", expect=NOT_FOUND).reason


@promise
def a_part_is_moved_with_its_number_its_count_and_its_place_told():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5008", ADA)
        device.sync()
        keys = ("--dir", device.dir, "--keys", device.keys)
        device.go_to_work()
        assert "1 of part HH-1021 from Van 1" in world.run("truckroll", "use", "HH-1021", *keys, expect=DONE).out
        assert "1 of part HH-1021 back to Van 1" in world.run("truckroll", "return", "HH-1021", *keys, expect=DONE).out
        said = device.run("use", "hh-1021", "--quantity", 1)
        assert (said["part"], said["quantity"], said["location"]) == ("HH-1021", 1, "Van 1"), said
        told = world.run("truckroll", "show", "HH-5008", *keys, expect=DONE).out
        assert "territory: North" in told and "site: Cairn Hotel" in told, told


@promise
def revoking_a_device_says_what_it_does():
    with World() as world:
        server = Server.made(world)
        for name, words, wanted in (("tablet", (), "it may still send what it did before"), ("phone", ("--stolen",), "kept aside and not applied")):
            device = Device.enrolled(server, ADA, name)
            told = world.run("truckrolld", "device", "revoke", device.id, *words, "--dir", server.dir, expect=DONE).out
            assert wanted in told, told


@promise
def visits_are_listed_by_their_planned_start():
    with World() as world:
        server = Server.made(world)
        for order, start in (("HH-5001", "+6h"), ("HH-5002", "+4h"), ("HH-5003", "+8h"), ("HH-5004", "+2h")):
            server.run("visit", "book", order, ADA, "--start", start)
        starts = [visit["planned_start_at"] for visit in server.run("visit", "list")["visits"]]
        assert len(starts) == 4 and starts == sorted(starts), starts


@promise
def a_wrong_word_is_answered_with_the_nearest_right_one():
    with World() as world:
        for program, wrong, right in (("truckroll", "acept", "accept"), ("truckrolld", "isues", "issues"), ("truckroll", "finsh", "finish")):
            answer = world.run(program, wrong, expect=USAGE)
            assert right in answer.err, str(answer)


@promise
def what_is_missing_is_told_by_its_option():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet-1")
        keys = ("--dir", device.dir, "--keys", device.keys)
        assert "truckroll sync" in world.run("truckroll", "today", *keys, expect=DONE).out
        visit = server.book("HH-5008", ADA)
        device.sync()
        for words, wanted in ((("--cause", "WEAR"), "--action CODE"), (("--action", "REPLACE"), "--cause CODE"),
                              (("--cause", "WEAR", "--action", "REPLACE"), "--signer NAME"), (("--outcome", "great"), "--outcome: ")):
            reason = device.ask("finish", visit, *words, expect=USAGE).reason
            assert wanted in reason and "_code" not in reason and "none," not in reason, reason
        reason = server.ask("visit", "book", "HH-5001", ADA, "--start", "+4h", "--end", "+2h", expect=USAGE).reason
        assert "--end TIME" in reason, reason


@promise
def an_answer_that_cannot_be_written_says_that_what_was_asked_is_done():
    with World() as world:
        server, device = with_a_job(world)
        answer = world.run("truckroll", "note", "HH-5001", "unheard", "--dir", device.dir, "--keys", device.keys, expect=CANNOT_WRITE,
                           before=("sh", "-c", 'exec "$@" >/dev/full', "sh"))
        assert "What was asked is done" in answer.err, f"{answer}"
        device.sync()
        assert [row["text"] for row in server.rows("note")] == ["unheard"]


@promise
def people_get_text_and_no_colours_without_a_terminal():
    with World() as world:
        server = Server.made(world)
        answer = world.run("truckrolld", "list", "work_order", "--dir", server.dir, expect=DONE)
        assert "\033" not in answer.out and "HH-" in answer.out, str(answer)


@promise
def files_of_an_older_version_are_brought_up_to_date_by_the_first_command_whatever_it_is():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        device.sync()
        steps = sorted((ROOT / "db" / "migrations" / "replica").glob("*.sql"))
        for words in (("sync",), ("status",), ("doctor",)):
            replica = device.dir / "replica.db"
            now = sqlite3.connect(replica)
            application, = now.execute("PRAGMA application_id").fetchone()
            made, = now.execute("SELECT sql FROM sqlite_schema WHERE name = 'migration'").fetchone()
            applied = now.execute("SELECT * FROM migration WHERE number < ?", (len(steps),)).fetchall()
            now.close()
            for leftover in device.dir.glob("replica.db*"):
                leftover.unlink()
            older = sqlite3.connect(replica, isolation_level=None)
            older.executescript("".join(step.read_text() for step in steps[:-1]))
            older.execute(made)
            older.executemany(f"INSERT INTO migration VALUES ({', '.join('?' * len(applied[0]))})", applied)
            older.execute(f"PRAGMA application_id = {application}")
            older.execute(f"PRAGMA user_version = {len(steps) - 1}")
            older.close()
            replica.chmod(0o600)
            device.ask(*words, expect=0)
        device.sync()
        insist_on_equality(server, device)


@promise
def metrics_are_in_the_text_format_of_prometheus_and_as_in_json():
    """https://prometheus.io/docs/instrumenting/exposition_formats/"""
    with World() as world:
        server, device = with_a_job(world)
        device.run("note", "HH-5001", "to be counted")
        device.sync()
        lines = world.run("truckrolld", "metrics", "--dir", server.dir, expect=DONE).out.splitlines()
        told = {}
        for about, of_type, sample in zip(lines[0::3], lines[1::3], lines[2::3], strict=True):
            name, number = re.fullmatch(r"(truckroll_[a-z_]+) (-?\d+)", sample).groups()
            assert re.fullmatch(rf"# HELP {name} [^\\]+", about), about
            kind = re.fullmatch(rf"# TYPE {name} (counter|gauge)", of_type)[1]
            assert (kind == "counter") == name.endswith("_total"), f"{name} is a {kind}"
            assert name not in told, f"{name} stands twice"
            told[name] = int(number)
        assert told["truckroll_operations_decided_total"] > 0 and told["truckroll_serving"] == 1, told
        assert set(told) == {f"truckroll_{name}" for name in server.run("metrics")}


@promise
def a_count_puts_right_what_stood_below_zero():
    with World() as world:
        server, device = with_a_job(world)
        device.go_to_work()
        had = device.in_van("HH-1021")
        device.run("use", "HH-1021", "--quantity", had + 2)
        device.sync()
        issue, = server.run("issues")["issues"]
        assert issue["kind"] == "negative_stock", issue
        server.ask("create", "movement", "type=count_adjust", "part_id=HH-1021", "quantity=3", "from_location_id=nowhere",
                   "to_location_id=Van 1", expect=NOT_FOUND)
        server.run("create", "movement", "type=count_adjust", "part_id=HH-1021", "quantity=3", "from_location_id=adjustment",
                   "to_location_id=Van 1")
        server.run("issue", "resolve", issue["id"], "--how", "corrected", "--text", "counted: 1")
        device.sync()
        assert device.in_van("HH-1021") == 1
        server.verify()


if __name__ == "__main__":
    tap.main()
