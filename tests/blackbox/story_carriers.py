"""The fourth part of the story: a replica that the disk spoils, and a line on which only HTTP leads out."""
import random

import equal
from telling import holds, office, say, scene, seen, shade
from tap import until

ORDER = "HH-5010"  # Tomas's


def spoil(path):
    """Every page but the first is noise."""
    data = bytearray(path.read_bytes())
    data[4096:] = random.Random(14).randbytes(len(data) - 4096)
    path.write_bytes(data)


def heal_a_replica(server, tomas):
    scene(14, "A disk spoils what a device holds")
    say("   Nothing in replica.db is the technician's alone, so nobody has to know what a database is.")
    device = tomas.device
    device.stop_agent()
    tomas.does("note", ORDER, "Vent screw is M6.", note="not sent yet")
    for end in ("-wal", "-shm"):
        device.dir.joinpath("replica.db" + end).unlink(missing_ok=True)
    spoil(device.dir / "replica.db")
    said = device.ask("today", expect=None)
    say(f"   {shade('who', tomas.first + ':')} truckroll today   {shade('look', 'refused')}")
    holds(said.code == 5 and "safe in outbox.db" in said.reason, said.reason.replace(str(device.dir.parent) + "/", ""))
    tomas.shell("truckroll", "sync")
    said = device.ask("sync", "--wait", 30)
    holds("put aside as replica.damaged-" in said.err, said.err.strip())
    notes = [note["text"] for note in device.run("show", ORDER)["notes"]]
    holds("Vent screw is M6." in notes and server.find("note", text="Vent screw is M6."), "The note is here, and at the office.")
    told, = (row["words"] for row in server.incidents() if row["kind"] == "replaced")
    holds(device.name in told, f"truckrolld incidents: {told.replace(str(device.dir.parent) + '/', '')}")
    device.start_agent()


def go_another_way(server, tomas):
    scene(15, "Only HTTP leads out")
    say("   The same sealed frames go over any carrier; a device uses the first address that it can reach.")
    device = tomas.device
    server.stop()
    server.start(options=("--http", "http://127.0.0.1:0"))
    http = f"http://127.0.0.1:{server.http_port}"
    say(f"   {shade('who', 'Office:')} truckrolld serve --http {http}   (behind a terminator of TLS, in earnest)")
    device.run("server", f"{tomas.line.url},{http}")
    tomas.shell("truckroll", "server", f"{tomas.line.url},{http}")
    until(lambda: device.run("link")["synced"], "the device is on line again")
    holds(device.run("link")["address"] == tomas.line.url, "truckroll link: the first address answers, and is used.")
    tomas.line.close_line()
    say(f"   {tomas.first}'s line goes down; a network that lets only HTTP through is there.")
    tomas.does("note", ORDER, "Sent from the hotel.")
    until(lambda: [row for row in server.rows("note") if row["text"] == "Sent from the hotel."], "the note went out")
    holds(device.run("link")["address"] == http, f"The note is at the office; truckroll link: {http}")
    office(server, "note", ORDER, "Thanks, that is all.")
    until(lambda: "Thanks, that is all." in device.ask("show", ORDER).out, "the answer came")
    seen("The office's answer came back the same way, without being asked for: the poll is held over HTTP, too.")
    device.run("server", tomas.line.url)
    tomas.comes_back()
    found, _, rows = equal.digest_differences(server, device)
    holds(not found, f"Back on the first line: {rows} rows, equal by digest.")
