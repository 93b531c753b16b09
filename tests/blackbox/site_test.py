#!/usr/bin/env python3
"""A visit with all that it leaves behind, by the commands that technicians and the office type."""
import sqlite3

import tap
from equal import insist_on_equality
from harness import DONE, NOT_FOUND, PATIENCE, REFUSED, USAGE, Device, Server, World, with_a_job
from tap import promise

ADA = "Ada Brannock"
ORDER = "HH-5001"


def started(world):
    """A server and a device whose technician has arrived at a visit with a checklist."""
    server = Server.made(world)
    asset = server.run("show", "work_order", ORDER)["work_order"]["asset_id"]
    server.run("meter", "add", asset[:12], "load", "cycles", "--unit", "c", "--decimals", "1")
    server.run("task", "add", ORDER, "guard", "is", "back", "on", "--mandatory", "--position", "1")
    server.run("task", "add", ORDER, "pressure", "--min", "1.5", "--max", "2.5", "--unit", "bar", "--mandatory", "--position", "2")
    server.run("task", "add", ORDER, "belt", "--options", "good;worn;!torn", "--position", "3")
    server.run("task", "add", ORDER, "counter", "--meter", "load cycles", "--position", "4")
    server.book(ORDER, ADA)
    device = Device.enrolled(server, ADA, "tablet")
    device.sync()
    device.go_to_work()
    return server, device


@promise
def a_checklist_is_worked_off_before_a_visit_is_fixed():
    with World() as world:
        server, device = started(world)
        tasks = device.run("task")["tasks"]
        assert [(task["title"], task["limits"]) for task in tasks] == [
            ("guard is back on", ""), ("pressure", "1.5 .. 2.5 bar"), ("belt", "good;worn;!torn"), ("counter", "c")], tasks
        assert device.run("today")["visits"][0]["open_tasks"] == 2
        finish = ("finish", "--cause", "WEAR", "--action", "REPLACE", "--signer", "B. Harper")
        refused = device.ask(*finish, expect=REFUSED)
        assert "guard is back on, pressure" in refused.reason, refused
        assert "不" in device.ask(*finish, "--lang", "zh", expect=REFUSED).reason
        device.run("task", "1")
        device.ask("task", "pressure", "high", expect=USAGE)
        assert device.ask("task", "pressure", "--lang", "zh", expect=USAGE).reason == "pressure：须填写数值"
        device.ask("task", "pressure", "2.75", expect=USAGE)
        device.run("task", "pressure", "2.7")
        device.ask("task", "belt", "lost", expect=USAGE)
        device.run("task", "3", "torn")
        device.run("task", "4", "4711.5")
        device.ask("task", "9", "yes", expect=NOT_FOUND)
        device.run(*finish)
        device.sync()
        tasks = {task["title"]: task for task in server.run("show", "work_order", ORDER)["tasks"]}
        assert [tasks[title]["failed"] for title in ("guard is back on", "pressure", "belt", "counter")] == [
            False, True, True, False], tasks
        assert tasks["pressure"]["answer"] == "2.7 bar", tasks
        assert server.find("work_order", number=ORDER)["state"] == "completed"
        assert not server.run("issues")["issues"]


@promise
def tasks_that_ask_for_yes_or_no_a_text_or_a_photo_take_nothing_else():
    with World() as world:
        server, device = with_a_job(world)
        for title, kind in (("oil in the pit", "yes_no"), ("serial on the plate", "text"), ("the plate", "photo")):
            server.run("task", "add", ORDER, *title.split(), "--kind", kind, "--mandatory")
        device.sync()
        device.go_to_work()
        (world.dir / "plate.jpg").write_bytes(b"\xff\xd8\xff plate")
        (world.dir / "sheet.pdf").write_bytes(b"%PDF-1.7 sheet")
        device.run("photo", world.dir / "plate.jpg")
        device.run("photo", world.dir / "sheet.pdf", "--document")
        files = {row["kind"]: row["id"] for row in device.run("file", "list", ORDER)["files"]}
        photo, sheet = files["photo"], files["document"]
        for task, answer, code in (("1", "perhaps", USAGE), ("1", None, USAGE), ("2", None, USAGE), ("3", None, USAGE), ("3", "ffffffff", NOT_FOUND),
                                   ("3", sheet[:12], USAGE)):
            refused = device.ask("task", task, *([answer] if answer else []), expect=code)
            assert refused.reason, str(refused)
        device.run("task", "1", "no")
        device.run("task", "2", "HX", "4711")
        device.run("task", "3", photo[:12])
        device.run("finish", "--cause", "WEAR", "--action", "REPLACE", "--signer", "B. Harper")
        device.sync()
        tasks = {task["title"]: task for task in server.run("show", "work_order", ORDER)["tasks"]}
        assert all(task["answered"] for task in tasks.values()), tasks
        assert (tasks["oil in the pit"]["failed"], tasks["serial on the plate"]["answer"]) == (True, "HX 4711"), tasks
        answer, = (row for row in server.rows("task_answer") if row.get("attachment_id"))
        assert server.run("show", "task_answer", answer["id"])["task_answer"]["attachment_id"] == photo
        insist_on_equality(server, device)


@promise
def tasks_stand_in_the_order_in_which_they_were_added():
    with World() as world:
        server = Server.made(world)
        titles = ["isolate", "open", "clean", "close", "start", "measure"]
        for title in titles:
            server.run("task", "add", ORDER, title)
        server.run("task", "add", ORDER, "knock", "--position", "1")

        def listed():
            return [task["title"] for task in server.run("show", "work_order", ORDER)["tasks"]]

        assert sorted(listed()[:2]) == ["isolate", "knock"] and listed()[2:] == titles[1:], listed()
        server.run("task", "add", ORDER, "leave", "--position", "100000")
        assert "--position" in server.ask("task", "add", ORDER, "lock", expect=USAGE).reason
        assert listed()[-1] == "leave", listed()


@promise
def how_to_get_in_is_for_who_has_a_job_there():
    with World() as world:
        server = Server.made(world)
        site = server.run("show", "work_order", ORDER)["work_order"]["site_id"]
        server.ask("site", "access", site[:12], "plant room", expect=USAGE)
        server.run("site", "access", site[:12], "plant room", "--code", "4711", "--hazards", "dog in the yard")
        server.run("site", "access", site[:12], "plant room", "--code", "4712")
        device = Device.enrolled(server, ADA, "tablet")
        device.sync()
        shown = device.run("show", ORDER)
        assert shown["work_order"]["number"] == ORDER and not shown["access"], shown
        server.book(ORDER, ADA)
        device.sync()
        ways = {way["name"]: (way["code"], way["hazards"]) for way in device.run("show", ORDER)["access"]}
        assert ways["plant room"] == ("4712", "dog in the yard"), ways
        device.ask("edit", "site_access", "plant room", "code=1", expect=REFUSED)


@promise
def what_an_order_cost_is_for_the_office_alone():
    with World() as world:
        server = Server.made(world)
        server.book(ORDER, ADA)
        server.run("create", "work_order_cost", f"work_order_id={ORDER}", "cost_cents=12350")
        assert [cost["cost_cents"] for cost in server.run("show", "work_order", ORDER)["costs"]] == [12350]
        told = world.run(server.program, "show", "work_order", ORDER, "--dir", server.dir).out
        assert "123.50" in told, told
        device = Device.enrolled(server, ADA, "tablet")
        device.sync()
        shown = device.run("show", ORDER)
        assert shown["visits"] and not shown["costs"], shown
        assert len(server.rows("work_order_cost")) == 201
        with sqlite3.connect(f"file:{device.dir}/replica.db?mode=ro", uri=True) as replica:
            assert replica.execute("SELECT count(*) FROM work_order_cost").fetchone() == (0,)


@promise
def what_was_noted_long_ago_is_kept_by_the_office_alone():
    with World() as world:
        server = Server.made(world)
        notes = world.dir / "notes.csv"
        notes.write_text("record=note,key,work_order_id,territory_id,text,at_ms\n"
                         ",n1,old-0113,north,the lid sticks,2020-05-31\n,n2,old-0113,north,the lid was oiled,today-3\n")
        server.run("import", "--apply", notes)
        device = Device.enrolled(server, ADA, "tablet")
        device.sync()
        assert len(device.run("show", "HH-1113")["notes"]) == 2
        server.stop()
        server.start()  # which looks at what is old, as it does every hour
        device.sync()
        assert [note["text"] for note in device.run("show", "HH-1113")["notes"]] == ["the lid was oiled"]
        told = world.run(device.program, "show", "HH-1113", "--dir", device.dir, "--keys", device.keys).out
        assert "the office keeps them all" in " ".join(told.split()), told
        assert len(server.run("show", "work_order", "HH-1113")["notes"]) == 2
        insist_on_equality(server, device)


@promise
def what_nobody_could_answer_is_not_asked():
    with World() as world:
        server, device = started(world)
        for words, sign in ((("--kind", "reading"), "--meter"), (("--kind", "choice"), "--options"), (("--min", "3", "--max", "2"), "--max")):
            assert sign in server.ask("task", "add", ORDER, "belt", *words, expect=USAGE).reason, words
        device.ask("task", "belt", "--skip", " ", expect=USAGE)
        reason = device.ask("time", "work", "-5m", "-20m", expect=USAGE).reason
        assert "END" in reason and "_ms" not in reason, reason


@promise
def what_happens_on_site_reaches_the_office():
    with World() as world:
        server, device = started(world)
        (world.dir / "leak.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100000))
        device.run("photo", "leak.jpg", "--caption", "seal before")
        device.run("read", "load cycles", "17.5")
        device.run("time", "admin", "-20m", "-5m", "--text", "called the supplier")
        device.run("sign", "B. Harper", "--role", "caretaker")
        device.run("finish", "--outcome", "partial")
        device.run("reopen", "--reason", "leaks again")
        device.run("finish", "--outcome", "partial")
        device.sync()
        shown = server.run("show", "work_order", ORDER)
        assert sorted(file["kind"] for file in shown["files"]) == ["photo", "signature"], shown["files"]
        assert {file["media_type"] for file in shown["files"]} == {"image/jpeg", ""}, shown["files"]
        assert "17.5" in [meter["last_value"] for meter in shown["meters"]], shown["meters"]
        assert "admin" in [time["kind"] for time in shown["times"]], shown["times"]
        visit, = shown["visits"]
        visit = server.run("show", "visit", visit["id"])["visit"]
        assert (visit["signer_name"], visit["signer_role"], visit["state"]) == ("B. Harper", "caretaker", "done"), visit
        device.ask("photo", "not-there.jpg", expect=NOT_FOUND)


@promise
def a_trace_tells_numbers_as_they_were_read():
    def text(place, *words):
        return place.world.run(place.program, *words, "--dir", place.dir, *place.also, expect=0).out

    with World() as world:
        server, device = started(world)
        server.program, server.also, device.program, device.also = "truckrolld", (), "truckroll", ("--keys", device.keys)
        asset = server.run("show", "work_order", ORDER)["work_order"]["asset_id"]
        server.run("meter", "add", asset, "oil", "--unit", "°C", "--kind", "gauge", "--decimals", "1")
        device.sync()
        device.run("read", "oil", "41.5")
        device.run("task", "2", "2.0")
        device.sync()
        told = text(device, "trace", "last")
        assert "number: 2.0 bar" in told and "what it said" in told, told
        said = {operation["kind"]: operation["id"] for operation in server.log_of_operations()}
        told = text(server, "trace", said["read_meter"])
        assert "value: 41.5 °C" in told and "Applied." in told and f"about: {ORDER}" in told, told
        task = server.find("task", title="pressure")
        server.run("edit", "task", task["id"], "maximum=30")
        told = text(server, "trace", server.log_of_operations()[0]["id"])
        assert "2.5 bar" in told and "3.0 bar" in told, told
        edited, = server.run("trace", server.log_of_operations()[0]["id"])["fields"]
        assert (edited["old"], edited["new"]) == ("25", "30"), edited  # as stored


@promise
def the_office_holds_closes_and_reopens_an_order():
    with World() as world:
        server = Server.made(world)

        def state():
            return server.find("work_order", number=ORDER)["state"]

        server.run("order", "hold", ORDER, "parts", "--text", "pump is on its way")
        assert state() == "on_hold"
        server.ask("order", "hold", ORDER, "boredom", expect=USAGE)
        server.run("order", "release", ORDER)
        visit = server.run("visit", "propose", ORDER, ADA)["visit"]
        server.ask("order", "close", ORDER, expect=REFUSED)
        server.run("visit", "reschedule", visit, "--start", "tomorrow 09:00")
        assert server.find("visit", id=visit)["state"] == "scheduled"
        server.run("order", "cancel", ORDER, "--reason", "withdrawn")
        assert (state(), server.find("visit", id=visit)["state"]) == ("cancelled", "cancelled")
        server.run("order", "reopen", ORDER, "--reason", "a mistake")
        server.run("order", "close", ORDER)
        assert state() == "closed"


@promise
def a_visit_moved_while_it_was_begun_is_told_and_stands():
    with World() as world:
        server, device = started(world)
        server.book("HH-5002", ADA)
        device.sync()
        visit = server.find("visit", work_order_id=server.find("work_order", number="HH-5002")["id"])["id"]
        server.run("visit", "reschedule", visit, "--start", "tomorrow 13:00")
        device.run("travel", "HH-5002")
        device.sync()
        issue, = server.run("issues")["issues"]
        assert issue["kind"] == "plan_moved" and "tell the customer" in issue["words"], issue
        assert server.find("visit", id=visit)["state"] == "travelling"
        assert "改期" in server.run("issues", "--lang", "zh")["issues"][0]["words"]
        server.run("issue", "resolve", issue["id"], "--text", "called them")
        device.sync()
        assert not device.run("issues")["issues"]


@promise
def what_comes_after_the_closing_is_kept_and_accepted():
    with World() as world:
        server, device = started(world)
        device.run("task", "1")
        device.run("task", "2", "2.0")
        device.run("finish", "--cause", "WEAR", "--action", "REPLACE", "--signer", "B. Harper")
        device.sync()
        server.run("order", "close", ORDER)
        device.run("time", "admin", "-20m", "-5m", "--visit", ORDER)
        device.sync()
        issue, = server.run("issues")["issues"]
        assert issue["kind"] == "late_fact", issue
        order = server.run("show", "work_order", ORDER)
        assert order["work_order"]["state"] == "closed" and order["work_order"]["stale"], order
        assert [time["late"] for time in order["times"] if time["kind"] == "admin"] == [True], order["times"]
        server.ask("issue", "resolve", issue["id"], "--how", "keep_other_visit", expect=REFUSED)
        server.run("issue", "resolve", issue["id"], "--how", "accept_late", "--text", "on the invoice")
        assert not server.run("show", "work_order", ORDER)["work_order"].get("stale")
        device.sync()
        assert device.run("show", ORDER)["work_order"]["state"] == "closed"
        device.ask("reopen", ORDER, "--reason", "again", expect=REFUSED)


@promise
def two_technicians_who_answer_one_task_are_both_heard():
    with World() as world:
        server, device = started(world)
        server.book(ORDER, "Tomas Hale")
        other = Device.enrolled(server, "Tomas Hale", "laptop")
        other.sync()
        device.run("task", "2", "2.0", "--at", "-30m")
        other.run("task", "2", "2.9", "--visit", ORDER)
        device.sync()
        other.sync()
        issue, = (issue for issue in server.run("issues")["issues"] if issue["kind"] == "double_answer")
        assert "pressure" in issue["words"] and "Ada Brannock counts" in issue["words"], issue

        def counted(place):
            return {task["title"]: task["answer"] for task in place.run("show", ORDER)["tasks"]}["pressure"]

        device.sync()
        assert counted(device) == "2.0 bar"
        server.run("issue", "resolve", issue["id"], "--how", "take_other_answer")
        device.sync()
        other.sync()
        assert (counted(device), counted(other)) == ("2.9 bar", "2.9 bar")


def record(server, kind, which):
    """All fields of one."""
    return server.run("show", kind, which)[kind]


def settle(server, device, how=()):
    """Resolves every issue there is; the device is told."""
    for issue in server.run("issues")["issues"]:
        server.run("issue", "resolve", issue["id"], *how, "--text", "looked at it")
    device.sync()
    assert not server.run("issues")["issues"] and not device.run("issues")["issues"]


@promise
def work_on_what_the_office_changed_merged_or_cancelled_meanwhile_is_kept_told_on_both_sides_and_settled():
    with World() as world:
        server, device = started(world)
        task = server.find("task", title="pressure")
        server.run("edit", "task", task["id"], "maximum=21", "title=pressure when cold")
        device.run("task", "2", "2.4")
        device.sync()
        issue, = server.run("issues")["issues"]
        assert issue["kind"] == "task_changed" and "as it was before" in issue["words"], issue
        changed = record(server, "task", task["id"])
        answer = record(server, "task_answer", changed["primary_answer_id"])
        assert answer["number"] == 24 and answer["task_version"] < changed["version"] and changed["failed"], (answer, changed)
        assert [found["kind"] for found in device.run("issues")["issues"]] == ["task_changed"]
        settle(server, device)

        asset = record(server, "work_order", ORDER)["asset_id"]
        other = next(row["id"] for row in server.rows("asset") if row["id"] != asset)
        server.run("edit", "asset", asset, f"merged_into_id={other}")
        device.run("read", "load cycles", "7.5")
        device.sync()
        gone, = server.run("issues")["issues"]
        assert gone["kind"] == "asset_gone" and "merged or retired" in gone["words"] and "Check which machine" in gone["words"], gone
        assert {record(server, "reading", row["id"])["asset_id"] for row in server.rows("reading")} == {other}
        settle(server, device)

        second = server.book("HH-5002", ADA)
        device.sync()
        device.run("accept", "HH-5002")
        device.sync()
        server.run("visit", "cancel", second, "--reason", "customer away")
        device.run("travel", "HH-5002")
        device.run("arrive", "HH-5002")
        said = world.run("truckroll", "sync", "--wait", PATIENCE, "--dir", device.dir, "--keys", device.keys, expect=DONE).out
        assert said.count("decide what to bill") == 1 and said.count("Applied; the same issue.") == 1, said
        assert [operation["words"].count("decide what to bill") for operation in device.run("outbox", "--all")["operations"][-2:]] == [1, 1]
        issue, = server.run("issues")["issues"]
        assert issue["kind"] == "work_done_after_cancel" and "decide what to bill" in issue["words"], issue
        assert [found["id"] for found in device.run("issues")["issues"]] == [issue["id"]]
        settle(server, device, ("--how", "do_not_bill"))
        insist_on_equality(server, device)


if __name__ == "__main__":
    tap.main()
