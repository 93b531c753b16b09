"""The first part of the story: a day off line with everything that may go wrong on it."""
import os
import pathlib
import signal

from harness import EXAMPLE, Server, real_data
from proxy import DOWN, Cut
from story_import import bring_in_a_customers_file
from tap import until
from telling import columns, holds, office, say, scene, seen, shade, typed

ADA, TOMAS = "Ada Brannock", "Tomas Hale"
REAL_FILES = ("assets.csv", "parts_catalogue.csv", "work_orders_excavator.csv", "kb_articles_en.jsonl.gz", "kb_articles_zh.jsonl.gz")
LAST_PART, VAN = "HH-1011", "Van 1"


def open_the_office(world):
    scene(1, "The office opens")
    server = Server.made(world, files=(), start=False)
    server.run("import", "--apply", *EXAMPLE)
    say(f"   {shade('who', 'Office:')} truckrolld init {server.dir.name} --name 'Harbour & Hill Service'")
    say(f"   {shade('who', 'Office:')} truckrolld import --apply example/*.csv")
    say("   Harbour & Hill Service, an organisation that does not exist: "
        f"{len(server.rows('technician'))} technicians, {len(server.rows('site'))} sites, {len(server.rows('asset'))} machines.")
    data = real_data()
    if data is None:
        say("   No real data here (TRUCKROLL_DATA names no folder): the example alone.")
    else:
        say(f"   {shade('who', 'Office:')} cd {typed([data])}; truckrolld import --apply --territory North {' '.join(REAL_FILES)}")
        for report in server.run("import", "--apply", "--territory", "North", *[data / name for name in REAL_FILES])["files"]:
            say(f"   real data: {pathlib.Path(report['file']).name}: {report['records']} records ({report['format']})")
    bring_in_a_customers_file(server)
    say(f"   {shade('who', 'Office:')} truckrolld serve --listen tcp://127.0.0.1:0")
    server.start()
    return server, data is not None


def send_out(server, ada, tomas, real):
    scene(3, "The morning: jobs reach connected devices at once")
    for person in (ada, tomas):
        person.device.sync()
        person.device.start_agent()
    orders = [("HH-5001", ada), ("HH-5002", ada), ("HH-5005", tomas)]
    if real:
        office(server, "create", "work_order", "number=HH-6001", "title=Bucket will not open", "territory_id=North", "released=true",
                   "asset_id=Hydraulic excavator EXC-B", "site_id=Excavator yard (imported)", "account_id=Excavator fleet (imported)",
                   "description=Cylinder retracts by itself; see the history of this excavator.")
        orders.append(("HH-6001", tomas))
    visits = {order: office(server, "visit", "book", order, person.name, "--dispatch")["visit"] for order, person in orders}
    for person in (ada, tomas):
        count = sum(1 for _, whose in orders if whose is person)
        until(lambda: len([v for v in person.visits() if v["title"] and v["number"]]) == count, f"{person.first} sees the jobs")
        for visit in person.visits():
            say(f"   {shade('who', person.first + ':')} {visit['number']}  {visit['title']}  ({visit['site']})")
    for person in (ada, tomas):
        foresee(person)
    return visits


def foresee(person):
    """Before leaving coverage."""
    person.shell("truckroll", "sync", "--forecast")
    told = person.device.run("sync", "--forecast")
    rows = sum(job["rows_here"] for job in told["jobs"])
    holds(told["waiting"] == 0 and told["complete"] == len(told["jobs"]) > 0,
          f"{told['complete']} jobs are complete for work off line: {rows} rows sum up to what the office said as of its commit {told['as_of_gseq']}.")


def show_history(tomas):
    say(f"   {shade('who', 'Tomas:')} truckroll show --kind asset 'Hydraulic excavator EXC-B'")
    shown = tomas.device.run("show", "--kind", "asset", "Hydraulic excavator EXC-B")["asset"]
    say(f"   {shade('who', 'Tomas:')} truckroll kb search engine oil leak --limit 3")
    found = tomas.device.run("kb", "search", "engine", "oil", "leak", "--limit", "3")["articles"]
    seen(f"Without a network: what is known of {shown['name']}, and {len(found)} articles about oil leaks"
         + (f", first \"{found[0]['title']}\"." if found else "."))


def work_off_line(server, ada, tomas, visits, real):
    scene(4, "The lines go down, and everybody works on")
    for person in (ada, tomas):
        person.line.close_line()
    place = ada.device.run("show", "HH-5001")["site"]["name"]
    ada.works("HH-5001",
              (("use", LAST_PART), f"the last one in {VAN}"),
              (("note", "HH-5001", "Pressure is 7.5 bar again."), ""),
              (("edit", "site", place, "access_notes=Gate code is 4711, ring twice."), f"about {place}"))
    office(server, "visit", "assign", visits["HH-5002"][:8], TOMAS, "--reason", "no news from Ada")
    ada.works("HH-5002", text="Reset the duty pump, changed the float switch.")
    if real:
        show_history(tomas)
        tomas.works("HH-6001", (("note", "HH-6001", "Seal kit of the tilt cylinder renewed."), ""), text="Seal kit renewed, tested under load.")
    tomas.works("HH-5005",
                (("use", LAST_PART, "--from", VAN), f"Tomas took it out of {VAN} in the yard; nobody told Ada"),
                (("edit", "site", place, "access_notes=Key is with the porter."), f"the same field of {place}"))
    office(server, "visit", "book", "HH-5006", TOMAS, "--dispatch")
    for person in (ada, tomas):
        waiting = person.device.run("outbox")["operations"]
        assert [o["operation"] for o in waiting] == [operation for operation, _ in person.saved], "the outbox is not what was saved"
        say(f"   {person.first}'s device holds {len(waiting)} operations. None of them has left it.")


def known_to_server(server, person):
    log = [o["id"] for o in server.log_of_operations()]
    return [operation for operation, _ in person.saved if operation in log]


def lose_the_acknowledgement(server, ada):
    scene(5, "Back on line, with trouble")
    lost = []

    def swallow(link, direction, data):
        """Every answer from then on, whichever link it comes by: the device dials again at once."""
        if direction == DOWN and (lost or len(known_to_server(server, ada)) == len(ada.saved)):
            lost.append(len(data))
            raise Cut()

    ada.line.open_line()
    ada.line.on_message = swallow
    ada.device.ask("link", "--now", expect=None)
    until(lambda: lost, "the server's acknowledgement gets lost")
    ada.line.close_line()
    pending = len(ada.device.run("outbox")["operations"])
    say(f"   Ada: the server committed all {len(ada.saved)} operations, and its answer ({lost[0]} bytes) was lost on the line.")
    say(f"   Ada's device does not know that: {pending} still count as not acknowledged, and it sends them again.")
    assert pending == len(ada.saved)
    ada.line.on_message = None
    ada.line.open_line()
    ada.device.sync()
    log = [o["id"] for o in server.log_of_operations()]
    twice = [operation for operation, _ in ada.saved if log.count(operation) != 1]
    assert not twice, f"in the log not once: {twice}"
    say(f"   Then the line is good. Every one of the {len(ada.saved)} is in the server's log once.")


def kill_in_the_middle(server, tomas):
    killed = []

    def kill(link, direction, data):
        if direction == DOWN and not killed:
            link.device.sendall(data[:len(data) // 2])
            os.kill(tomas.device.agent.pid, signal.SIGKILL)
            killed.append(len(data))
            raise Cut()

    tomas.line.open_line()
    tomas.line.on_message = kill
    tomas.device.ask("link", "--now", expect=None)
    until(lambda: killed, "Tomas's device is killed")
    tomas.device.agent.wait()
    tomas.line.open_line()
    waiting = [o["operation"] for o in tomas.device.run("outbox", "--all")["operations"]]
    say(f"   Tomas: after half of an answer ({killed[0] // 2} of {killed[0]} bytes) his device gets kill -9.")
    assert waiting == [operation for operation, _ in tomas.saved], "operations were lost by the kill"
    say(f"   It starts again: all {len(tomas.saved)} operations are there. It goes on line by itself.")
    tomas.device.start_agent()
    tomas.device.sync()


def tell_outcomes(server, people):
    scene(6, "What became of every operation")
    say(f"   {shade('who', 'Office:')} truckrolld outcomes --limit 1000000")
    log = list(reversed(server.log_of_operations()))
    devices = {person.device.id: person.first for person in people}
    numbers = {order["id"]: order["number"] for order in server.rows("work_order")}
    visits = {visit["id"][:8]: f"visit of {numbers.get(visit['work_order_id'], '')}" for visit in server.run("visit", "list", "--limit", 100000)["visits"]}
    rows, created = [], []
    for operation in log:
        who = devices.get(operation["device"])
        if who is None and operation["kind"] in ("create", "edit"):
            created.append(operation["outcome"])
            continue
        outcome = {"applied": "applied", "applied_note": "applied, noted", "issue": "applied, with an issue", "rejected": "refused",
                   "parked": "waits"}.get(operation["outcome"], operation["outcome"])
        mark = "good" if operation["outcome"].startswith("applied") else "look"
        rows.append((operation["id"][:8], who or "Office", operation["kind"], visits.get(operation["subject"], operation["subject"][:34]), shade(mark, outcome)
                     + (f": {operation['words']}" if operation["words"] else "")))
    say(f"   {len(created)} operations of the office made or changed records before: {created.count('applied')} applied")
    for line in columns(rows):
        say(line)
    return log


def tell_issues(server):
    scene(7, "What the dispatcher is asked to look at")
    issues = office(server, "issues")["issues"]
    for issue in issues:
        about = f" ({issue['work_order']})" if issue["work_order"] else ""
        say(f"   {shade('look', issue['kind'])}{about}: {issue['words']}")
        if issue["field"]:
            say(f"      both saw \"{issue['base_value']}\"; \"{issue['theirs_value']}\" came first, then \"{issue['mine_value']}\"")
    kinds = sorted(issue["kind"] for issue in issues)
    missing = {"negative_stock", "overtaken", "edit_conflict"} - set(kinds)
    assert not missing, f"no issue about {missing}, only {kinds}"
