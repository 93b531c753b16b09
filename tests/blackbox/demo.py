#!/usr/bin/env python3
"""./demo and ./demo --story: the example organisation on this machine, with a server and two devices as real processes.

Without --story it stays up until it is interrupted, and says what to try. With --story it plays a day off line with everything that may
go wrong on it, prints what became of every operation, proves that server and devices are equal, and exits 0; or 1 when they are not."""
import csv
import os
import pathlib
import shlex
import signal
import socket
import sys
import time
import traceback

import equal
from harness import EXAMPLE, Device, Server, World, program, real_data
from proxy import DOWN, Cut
from tap import Skip, until

ADA, TOMAS = "Ada Brannock", "Tomas Hale"
REAL_FILES = ("assets.csv", "parts_catalogue.csv", "work_orders_excavator.csv", "kb_articles_en.jsonl.gz", "kb_articles_zh.jsonl.gz")
LAST_PART, VAN = "HH-1011", "Van 1"
COLOURS = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
SHADES = {"title": "1;36", "who": "1", "good": "32", "look": "33", "bad": "1;31", "faint": "2"}


def shade(name, text):
    return f"\033[{SHADES[name]}m{text}\033[0m" if COLOURS else text


def say(text=""):
    print(text, flush=True)


def scene(number, title):
    say()
    say(shade("title", f"{number}. {title}"))


def columns(rows, indent="   "):
    """Aligned; the last column runs as long as it likes."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]) - 1)]
    for row in rows:
        yield indent + "  ".join([str(cell).ljust(width) for cell, width in zip(row, widths)] + [str(row[-1])])


class Person:
    """A technician with a device behind a line of its own. Remembers what the device called saved, and nothing else."""

    def __init__(self, server, name, device_name):
        self.name, self.first = name, name.split()[0]
        self.line = server.world.proxy(server)
        self.device = Device.enrolled(server, name, device_name, self.line.url)
        self.saved = []  # (operation, what was said)

    def does(self, *words, note=""):
        answer = self.device.run(*words)
        assert answer["saved"], answer
        self.saved.append((answer["operation"], " ".join(words)))
        said = " ".join(shlex.quote(word) for word in words)
        say(f"   {shade('who', self.first + ':')} truckroll {said}   {shade('good', 'saved')}" + (f"   ({note})" if note else ""))

    def works(self, order, *between, cause="worn_part", action="replaced", text="Done.", signer="B. Harper"):
        """A whole visit; `between` are commands given on site."""
        for word in ("accept", "travel", "arrive"):
            self.does(word, order)
        for words, note in between:
            self.does(*words, note=note)
        self.does("finish", order, "--cause", cause, "--action", action, "--text", text, "--signer", signer)

    def visits(self):
        return self.device.run("today")["visits"]


# ---- the story ----

def open_the_office(world):
    scene(1, "The office opens")
    server = Server.made(world, files=(), start=False)
    server.run("import", "--apply", *EXAMPLE)
    say("   Harbour & Hill Service, an organisation that does not exist: "
        f"{len(server.rows('technician'))} technicians, {len(server.rows('site'))} sites, {len(server.rows('asset'))} machines.")
    data = real_data()
    if data is None:
        say("   No real data here (TRUCKROLL_DATA names no folder): the example alone.")
    else:
        for report in server.run("import", "--apply", "--territory", "North", *[data / name for name in REAL_FILES])["files"]:
            say(f"   real data: {pathlib.Path(report['file']).name}: {report['records']} records ({report['format']})")
    server.start()
    return server, data is not None


def enrol(server, name, device_name):
    person = Person(server, name, device_name)
    say(f"   {shade('who', name)} enters the code; both screens show: {shade('good', person.device.words)}")
    say(f"   The same six words, so the office approves {device_name}.")
    return person


def send_out(server, ada, tomas, real):
    scene(3, "The morning: jobs reach connected devices at once")
    for person in (ada, tomas):
        person.device.sync()
        person.device.start_agent()
    orders = [("HH-5001", ada), ("HH-5002", ada), ("HH-5005", tomas)]
    if real:
        server.run("create", "work_order", "number=HH-6001", "title=Bucket will not open", "territory_id=North", "released=true",
                   "asset_id=Hydraulic excavator EXC-B", "site_id=Excavator yard (imported)", "account_id=Excavator fleet (imported)",
                   "description=Cylinder retracts by itself; see the history of this excavator.")
        orders.append(("HH-6001", tomas))
    visits = {order: server.book(order, person.name) for order, person in orders}
    for person in (ada, tomas):
        count = sum(1 for _, whose in orders if whose is person)
        until(lambda: len([v for v in person.visits() if v["title"] and v["number"]]) == count, f"{person.first} sees the jobs")
        for visit in person.visits():
            say(f"   {shade('who', person.first + ':')} {visit['number']}  {visit['title']}  ({visit['site']})")
    return visits


def show_history(tomas):
    shown = tomas.device.run("show", "--kind", "asset", "Hydraulic excavator EXC-B")["asset"]
    found = tomas.device.run("kb", "search", "engine", "oil", "leak", "--limit", "3")["articles"]
    say(f"   {shade('who', 'Tomas')} reads, without a network, what is known of {shown['name']}, and {len(found)} articles about oil leaks"
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
    say(f"   {shade('who', 'Office:')} truckrolld visit assign {visits['HH-5002'][:8]} \"{TOMAS}\"   (nobody has heard from Ada)")
    server.run("visit", "assign", visits["HH-5002"], TOMAS, "--reason", "no news from Ada")
    ada.works("HH-5002", text="Reset the duty pump, changed the float switch.")
    if real:
        show_history(tomas)
        tomas.works("HH-6001", (("note", "HH-6001", "Seal kit of the tilt cylinder renewed."), ""), text="Seal kit renewed, tested under load.")
    tomas.works("HH-5005",
                (("use", LAST_PART, "--from", VAN), f"Tomas took it out of {VAN} in the yard; nobody told Ada"),
                (("edit", "site", place, "access_notes=Key is with the porter."), f"the same field of {place}"))
    say(f"   {shade('who', 'Office:')} books HH-5006 for {TOMAS} as well")
    server.book("HH-5006", TOMAS)
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
        if direction == DOWN and not lost and len(known_to_server(server, ada)) == len(ada.saved):
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


def settle(*people):
    """Until nobody has anything to tell or to hear."""
    for _ in range(2):
        for person in people:
            person.device.sync()


def tell_outcomes(server, people):
    scene(6, "What became of every operation")
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
    issues = server.run("issues")["issues"]
    for issue in issues:
        about = f" ({issue['work_order']})" if issue["work_order"] else ""
        say(f"   {shade('look', issue['kind'])}{about}: {issue['words']}")
        if issue["field"]:
            say(f"      both saw \"{issue['base_value']}\"; \"{issue['theirs_value']}\" came first, then \"{issue['mine_value']}\"")
    kinds = sorted(issue["kind"] for issue in issues)
    missing = {"negative_stock", "overtaken", "edit_conflict"} - set(kinds)
    assert not missing, f"no issue about {missing}, only {kinds}"


def prove(server, people, log):
    scene(8, "The proof")
    wrong = []
    saved = [operation for person in people for operation, _ in person.saved]
    times = {operation: sum(1 for o in log if o["id"] == operation) for operation in saved}
    wrong += [f"operation {operation} is in the log {count} times" for operation, count in times.items() if count != 1]
    say(f"   {len(saved)} operations were called saved, {sum(times.values())} of them are in the server's log.")
    part = server.find("part", number=LAST_PART)["id"]
    moved = [o for o in log if o["kind"] == "use_part"]
    balance = [row["quantity"] for row in people[0].device.run("van", "--location", VAN)["stock"] if row["part"] == part]
    say(f"   {LAST_PART} in {VAN}: 1 was there, {len(moved)} were used, the ledger says {balance[0] if balance else 0}.")
    if balance != [-1]:
        wrong.append(f"the balance of {LAST_PART} in {VAN} is {balance}")
    side = equal.holdings_of_server(server)
    for person in people:
        found, scopes, rows = equal.digest_differences(server, person.device)
        walked = equal.differences(server, person.device, side)
        wrong += found + walked
        verdict = shade("bad", "DIFFERENT") if found or walked else shade("good", "equal")
        say(f"   {person.first}'s device: {scopes} scopes with {rows} rows, by digest and row by row: {verdict}")
    checked = server.verify()
    say(f"   truckrolld verify: {checked['chains']} chains, {checked['operations']} operations, {checked['rows']} rows, "
        f"{checked['balances']} balances: {shade('good', 'everything fits')}")
    return wrong


def story(world):
    began = time.monotonic()
    say(shade("title", "A day at Harbour & Hill Service"))
    server, real = open_the_office(world)
    scene(2, "Two devices join")
    ada, tomas = enrol(server, ADA, "ada-tablet"), enrol(server, TOMAS, "tomas-laptop")
    visits = send_out(server, ada, tomas, real)
    work_off_line(server, ada, tomas, visits, real)
    lose_the_acknowledgement(server, ada)
    kill_in_the_middle(server, tomas)
    settle(ada, tomas, ada)
    log = tell_outcomes(server, (ada, tomas))
    tell_issues(server)
    for person in (ada, tomas):
        person.device.stop_agent()
    wrong = prove(server, (ada, tomas), log)
    server.stop()
    say()
    for sentence in wrong:
        say(shade("bad", f"   {sentence}"))
    if not wrong:
        say(shade("good", "everything equal") + shade("faint", f"   ({time.monotonic() - began:.0f} s)"))
    return 1 if wrong else 0


# ---- the demo that stays ----

def free_port(wanted):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted


def plan_the_day(server):
    """The orders of the example, in turn to the technicians of their territory."""
    technicians = {}
    with open(next(path for path in EXAMPLE if "technicians" in path.name), encoding="utf-8") as file:
        for row in csv.DictReader(file):
            technicians.setdefault(row["territory_id"], []).append(row["name"])
    booked = 0
    with open(next(path for path in EXAMPLE if "orders_open" in path.name), encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["released"] != "true" or row["hold_reason"]:
                continue
            who = technicians[row["territory_id"]]
            who.append(who.pop(0))
            start = row["planned_start_at_ms"].partition("T")[2]
            server.run("visit", "book", row["number"], who[-1], "--dispatch", *(["--start", f"today {start}"] if start else []))
            booked += 1
    return booked


def stay(world):
    stop = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.append(1))
    server = Server.made(world, files=(), start=False)
    server.run("import", "--apply", *EXAMPLE)
    data = real_data()
    if data is not None:
        server.run("import", "--apply", "--territory", "North", *[data / name for name in REAL_FILES])
    server.port = free_port(7450)
    server.start()
    say(f"Harbour & Hill Service: {plan_the_day(server)} visits are booked and dispatched"
        + (f", {len(server.rows('work_order'))} work orders with the real data of {data}." if data else "."))
    devices = [Device.enrolled(server, ADA, "ada-tablet"), Device.enrolled(server, TOMAS, "tomas-laptop")]
    for device in devices:
        device.start_agent()
        device.sync()
    tell_what_to_try(server, devices)
    while not stop and server.process.poll() is None and all(device.agent.poll() is None for device in devices):
        time.sleep(0.2)
    if not stop:
        say("A program ended by itself; its last words:")
        world.show_logs()
        return 1
    for device in devices:
        device.stop_agent()
    server.stop()
    say("Stopped, and everything that the demo made is removed.")
    return 0


def tell_what_to_try(server, devices):
    daemon, agent = program("truckrolld"), program("truckroll")
    say(f"""
The server listens on {server.url} (devices); its directory is {server.dir}
Two devices are enrolled and on line: {devices[0].dir} ({ADA}), {devices[1].dir} ({TOMAS})

Paste this, then try what is below it:
  office() {{ {daemon} --dir {server.dir} "$@"; }}
  ada() {{ {agent} --dir {devices[0].dir} "$@"; }}
  tomas() {{ {agent} --dir {devices[1].dir} "$@"; }}

  ada today                                   her day
  ada show HH-5001                            an order with site, machine, notes and parts
  ada accept HH-5001; ada travel; ada arrive  work on it (use, note, pause, finish: ada --help)
  ada use HH-1011                             the last one in her van
  ada kb search boiler ignition               knowledge, without a network
  tomas today; tomas van; tomas outbox
  office visit list --limit 20                what the dispatcher sees
  office outcomes --limit 10; office issues
  office device invite --technician "Mei Tanaka-Ross"   and enrol a third device
  kill -STOP {server.process.pid}                             the server falls silent, work goes on (-CONT: it is back)

Ctrl-C ends it.""")


def main():
    if sys.argv[1:] not in ([], ["--story"]):
        sys.exit("usage: demo.py [--story]")
    try:
        with World() as world:
            sys.exit(story(world) if sys.argv[1:] else stay(world))
    except (AssertionError, Skip, KeyError, OSError):
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    main()
