"""The third part of the story: a device and a server that were restored from older copies, and a device that is revoked."""
import shutil

import equal
from harness import PATIENCE
from telling import enrol, holds, office, say, scene, seen, shade

HELD, OTHER = "HH-5008", "HH-5010"  # Ada's, Tomas's


def office_shell(line, note=""):
    """A line that the story carries out by itself."""
    say(f"   {shade('who', 'Office:')} {line}" + (f"   ({note})" if note else ""))


def logged(server, operations):
    log = [o["id"] for o in server.log_of_operations()]
    return [log.count(operation) for operation in operations]


def latest(person, count):
    return [operation for operation, _ in person.saved[-count:]]


def restore_a_device(server, ada):
    scene(11, "A device is put back from an old copy of its folder")
    say("   Nothing may happen twice, and nothing may be lost, although the device has forgotten what it had already said.")
    device = ada.device
    copy = device.dir.with_name(f"{device.name}.copy")
    office(server, "visit", "book", HELD, ada.name, "--dispatch")
    ada.sees(HELD)
    ada.goes_off_line()
    ada.does("accept", HELD)
    ada.does("note", HELD, "Door contact ordered.")
    device.stop_agent()
    shutil.copytree(device.dir, copy)
    ada.shell("cp", "-a", device.dir.name, copy.name, note="the agent is stopped; two operations are not sent yet")
    device.start_agent()
    ada.comes_back()
    ada.does("note", HELD, "Spare contact fitted.", note="after the copy was made")
    device.sync()
    assert logged(server, latest(ada, 3)) == [1, 1, 1]
    chains = server.verify()["chains"]
    device.stop_agent()
    shutil.rmtree(device.dir)
    shutil.copytree(copy, device.dir)
    ada.shell("rm", "-r", device.dir.name)
    ada.shell("cp", "-a", copy.name, device.dir.name, note="the disk failed")
    ada.does("note", HELD, "Lift runs again.")
    waiting = device.run("outbox")["operations"]
    holds([o["operation"] for o in waiting] == [ada.saved[i][0] for i in (-4, -3, -1)],
          f"truckroll outbox: {len(waiting)} wait: two that the server has already, and a new one in the place of one that it knows otherwise.")
    device.start_agent()
    device.sync()
    holds(server.verify()["chains"] == chains + 1 and not device.run("outbox")["operations"],
          "The server knows more of this device than it does itself, so it goes on as a new incarnation, in a chain of its own.")
    holds(logged(server, latest(ada, 4)) == [1, 1, 1, 1],
          "What was sent twice is dropped by its id: each of the four is in the server's log once.")
    notes = [note["text"] for note in device.run("show", HELD)["notes"]]
    holds(sorted(notes) == ["Door contact ordered.", "Lift runs again.", "Spare contact fitted."],
          f"The device has all {len(notes)} notes again, also the one that its copy had never seen.")
    incident = [check["found"] for check in device.run("doctor", "--offline")["checks"] if check["check"] == "incident"]
    holds(incident and "older copy" in incident[-1], f"truckroll doctor: {incident[-1]}")


def told_to_the_lost_server(server, ada, tomas):
    """What the backup does not know: work of both devices, and a note of the office."""
    before = len(ada.saved) + len(tomas.saved)
    for person, order in ((ada, HELD), (tomas, OTHER)):
        for word in ("travel", "arrive"):
            person.does(word, order)
    tomas.does("use", "HH-1064")
    tomas.does("finish", OTHER, "--cause", "worn_seal", "--action", "replaced", "--text", "New seal and vent screw.", "--signer", "B. Harper")
    office(server, "note", HELD, "Ask for the porter.")
    for person in (ada, tomas):
        person.device.sync()
    return [*latest(ada, 2), *latest(tomas, len(ada.saved) + len(tomas.saved) - before - 2)]


def office_notes(server):
    return [note for note in server.rows("note") if note["text"] == "Ask for the porter."]


def restore_the_server(server, ada, tomas):
    scene(12, "The server is put back from an older backup")
    say("   Devices keep what they did, also what is acknowledged: so they can tell a server that has forgotten it.")
    store = server.dir / "organisation.db"
    backup = server.world.dir / "backup.db"
    office(server, "visit", "book", OTHER, tomas.name, "--dispatch")
    tomas.sees(OTHER)
    tomas.does("accept", OTHER)
    tomas.device.sync()
    server.stop()
    shutil.copy2(store, backup)
    office_shell("cp -p org/organisation.db backup.db", "the server is stopped meanwhile, so this file has everything")
    server.start()
    later = told_to_the_lost_server(server, ada, tomas)
    assert set(logged(server, later)) == {1}
    server.stop()
    spoilt = server.world.dir / "spoilt"
    spoilt.mkdir()
    for path in server.dir.glob("organisation.db*"):
        path.rename(spoilt / path.name)
    shutil.copy2(backup, store)
    office_shell("mkdir spoilt; mv org/organisation.db* spoilt", "the server's disk has failed")
    office_shell("cp -p backup.db org/organisation.db")
    holds(set(logged(server, later)) == {0} and not office_notes(server), f"The backup knows nothing of the last {len(later)} operations of the devices.")
    answer = server.world.run("truckrolld", "serve", "--dir", server.dir, "--listen", server.url)
    say(f"   {shade('who', 'Office:')} truckrolld serve   {shade('look', 'refused')}")
    holds(answer.code != 0 and "--accept-loss" in answer.reason, answer.reason.replace(str(server.dir.parent) + "/", ""))
    server.start(options=("--accept-loss",))
    server.stop()
    office_shell("truckrolld serve --accept-loss", "once, ended with Ctrl-C: every device learns that its place in the old store means nothing here")
    office_shell("truckrolld serve")
    server.start()
    for person in (ada, tomas, ada):
        person.device.sync()
    holds(set(logged(server, later)) == {1} and not any(person.device.run("outbox")["operations"] for person in (ada, tomas)),
          f"The devices send again what was lost: all {len(later)} are in the log, each once.")
    holds(not office_notes(server), "What the office alone had said since the backup is gone. It says it again:")
    office(server, "note", HELD, "Ask for the porter.")
    for person in (ada, tomas):
        person.device.sync()
    equal.insist_on_equality(server, ada.device, tomas.device)
    seen(f"Server and both devices: {shade('good', 'equal')}, by digest and row by row.")


def rows_held(device):
    with equal.Files(device.dir / "replica.db") as db:
        return sum(db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in equal.record_tables(db))


def revoke_a_device(server, ada):
    scene(13, "A device is revoked, and its technician goes on with another")
    say("   Work that was done is not lost with the right to do more.")
    old = ada.device
    ada.goes_off_line()
    ada.does("note", HELD, "Tested with the porter.")
    office(server, "device", "revoke", old.name, note="it is to be replaced; of a stolen one: --stolen")
    held = rows_held(old)
    ada.line.open_line()
    say(f"   {ada.first}'s line is back.")
    ada.shell("truckroll", "sync")
    said = old.ask("sync", "--wait", PATIENCE).err.strip()
    holds("revoked" in said, said)
    state, = (d["state"] for d in server.run("device", "list")["devices"] if d["name"] == old.name)
    outcome, = (o["outcome"] for o in server.log_of_operations() if o["id"] == ada.saved[-1][0])
    holds((state, outcome) == ("draining", "applied"), f"It is {state}: what it recorded before it could know still counts. The note is {outcome}.")
    seen("(Not so an operation that claims to have seen what this device was never sent: that is kept aside, and changes nothing.)")
    holds(rows_held(old) == 0 and not old.run("today")["visits"], f"The {held} rows that it held are gone from it.")
    ada.is_refused("note", HELD, "One more.")
    old.stop_agent()
    new = enrol(server, ada.name, "ada-tablet-2")
    new.device.sync()
    new.device.start_agent()
    texts = [note["text"] for note in new.device.run("show", HELD)["notes"]]
    holds("Tested with the porter." in texts and new.sees(HELD, "on_site"), f"ada-tablet-2 has {HELD} as the old one left it, with {len(texts)} notes.")
    new.does("finish", HELD, "--cause", "contact", "--action", "replaced", "--text", "Door contact renewed.", "--signer", "B. Harper")
    new.device.sync()
    shown = server.run("show", "work_order", HELD)["work_order"]
    holds(shown["state"] == "completed", f"{HELD} is {shown['state']}.")
    return new
