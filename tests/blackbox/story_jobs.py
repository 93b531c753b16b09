"""The second part of the story: a checklist, a job that was cancelled and done all the same, and what comes after the end."""
from telling import holds, office, say, scene, seen, shade

CHECKED, CANCELLED = "HH-5007", "HH-5004"
PART, LATE_PART = "HH-1021", "HH-1015"


def issues_about(place, order, *words):
    return [issue for issue in place.run("issues", *words)["issues"] if issue["work_order"] == order]


def tell_issue(issue):
    seen(f"{shade('look', issue['kind'])}: {issue['words']}")


def work_off_a_checklist(server, tomas):
    scene(8, "A checklist")
    say("   No job is called fixed before everything mandatory is answered; the device knows the list, so it says so at once.")
    office(server, "task", "add", CHECKED, "head pressure after cleaning", "--min", "14.0", "--max", "20.0", "--unit", "bar", "--mandatory")
    office(server, "task", "add", CHECKED, "fans run free, guards are back", "--kind", "yes_no", "--mandatory")
    office(server, "visit", "book", CHECKED, tomas.name, "--dispatch")
    tomas.sees(CHECKED)
    for word in ("accept", "travel", "arrive"):
        tomas.does(word, CHECKED)
    finish = ("finish", CHECKED, "--cause", "dirt", "--action", "cleaned", "--text", "Condenser washed.")
    tomas.is_refused(*finish, "--signer", "B. Harper")
    tomas.does("task", "1", "21.5", note="its number in the list")
    failed = [task["failed"] for task in tomas.device.run("task", "--visit", CHECKED)["tasks"] if task["limits"] == "14.0 .. 20.0 bar"]
    holds(failed == [True], "21.5 bar is beyond the limits 14.0 .. 20.0 bar: the check failed, and the answer is kept. Washed once more:")
    tomas.does("task", "1", "17.5")
    tomas.does("task", "fans run free, guards are back", "yes", note="or its title")
    tomas.does("read", "Compressor hours", "4711")
    (server.world.dir / "condenser.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(40000))
    tomas.does("photo", "condenser.jpg", "--caption", "condenser after washing")
    tomas.does("sign", "B. Harper", "--role", "caretaker")
    tomas.does(*finish)
    tomas.device.sync()
    say(f"   {shade('who', 'Office:')} truckrolld show work_order {CHECKED}")
    shown = server.run("show", "work_order", CHECKED)
    answers = {task["title"]: task["answer"] for task in shown["tasks"]}
    holds(sorted(answers.values()) == ["17.5 bar", "yes"], "Answered: " + "; ".join(f"{title}: {answer}" for title, answer in answers.items()) + ".")
    holds([meter["last_value"] for meter in shown["meters"]] == ["4711"] and sorted(file["kind"] for file in shown["files"]) == ["photo", "signature"],
          "The meter stands at 4711 h; a photo and a signature are on record.")
    holds(shown["work_order"]["state"] == "completed" and not issues_about(server, CHECKED),
          f"{CHECKED} is {shown['work_order']['state']}, and nobody has to look at anything.")


def do_what_was_cancelled(server, ada):
    scene(9, "The office cancels a job that is being done off line")
    say("   Facts are not refused: what was done on site was done. What it means is for a person to decide.")
    visit = office(server, "visit", "book", CANCELLED, ada.name, "--dispatch")["visit"]
    ada.sees(CANCELLED)
    ada.does("accept", CANCELLED)
    ada.device.sync()
    ada.goes_off_line()
    office(server, "visit", "cancel", visit[:8], "--reason", "customer withdrew it", note="Ada cannot hear of it")
    ada.does("travel", CANCELLED)
    ada.does("arrive", CANCELLED)
    had = ada.device.in_van(PART)
    ada.does("use", PART)
    ada.does("finish", CANCELLED, "--cause", "worn_part", "--action", "replaced", "--text", "New valve actuator.", "--signer", "B. Harper")
    ada.comes_back()
    shown = server.run("show", "visit", visit)["visit"]
    holds((shown["state"], shown["signer_name"], had - ada.device.in_van(PART)) == ("done", "B. Harper", 1) and shown["travelled_at"] and shown["finished_at"],
          f"What happened, happened: the visit is {shown['state']}, with its times, the part and the signature.")
    say(f"   {shade('who', 'Office:')} truckrolld issues")
    issues = issues_about(server, CANCELLED)
    holds([issue["kind"] for issue in issues] == ["work_done_after_cancel"], "The dispatcher is told, once for the visit, and decides:")
    tell_issue(issues[0])
    office(server, "issue", "resolve", issues[0]["id"][:8], "--how", "bill", "--text", "customer agreed by telephone")
    ada.device.sync()
    say(f"   {shade('who', 'Ada:')} truckroll issues --all")
    told = [issue for issue in issues_about(ada.device, CANCELLED, "--all") if issue["id"] == issues[0]["id"]]
    holds(len(told) == 1 and told[0]["state"] == "resolved" and not issues_about(ada.device, CANCELLED),
          f"The decision is an operation like any other, and is on Ada's device now: ...{told[0]['words'].partition('decide what to bill.')[2]}")


def tell_late(server, tomas):
    scene(10, "A closed order, and a part that was forgotten")
    say("   An order that the office closed is never opened again by what comes late, and what comes late is never dropped.")
    tomas.goes_off_line()
    office(server, "order", "close", CHECKED)
    had = tomas.device.in_van(LATE_PART)
    tomas.does("use", LATE_PART, "--visit", CHECKED, note="put in before the end, and forgotten")
    tomas.comes_back()
    shown = server.run("show", "work_order", CHECKED)["work_order"]
    holds(shown["state"] == "closed" and shown["stale"] and had - tomas.device.in_van(LATE_PART) == 1,
          "The part is booked. The order stays closed, and is marked: its totals are stale.")
    say(f"   {shade('who', 'Office:')} truckrolld issues")
    issues = issues_about(server, CHECKED)
    holds([issue["kind"] for issue in issues] == ["late_fact"], "One thing to look at:")
    tell_issue(issues[0])
    office(server, "issue", "resolve", issues[0]["id"][:8], "--how", "accept_late", "--text", "on the invoice")
    tomas.device.sync()
    shown = server.run("show", "work_order", CHECKED)["work_order"]
    holds(shown["state"] == "closed" and not shown["stale"], "The mark is gone, and the order was closed all the time.")
    tomas.is_refused("reopen", CHECKED, "--reason", "one more thing")
