"""The fourth part of the story: a replica that the disk spoils, a line on which only HTTP leads out, a bundle that a colleague carries, and a flight."""
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


def carry_for_a_colleague(server, carrier, tomas):
    scene(16, "No network at all: a colleague takes it along")
    device, stick = tomas.device, server.world.dir / "stick"
    stick.mkdir()
    tomas.line.close_line()
    tomas.does("note", ORDER, "Seen from the roof.", note=f"{tomas.first}'s line is down, for days")
    office(server, "note", ORDER, "The roof is closed on Friday.")
    tomas.shell("truckroll", "bundle", "export", "stick/tomas.bundle")
    device.run("bundle", "export", stick / "tomas.bundle")
    carrier.shell("truckroll", "bundle", "carry", "stick/tomas.bundle", note="her device can read nothing of it")
    carrier.device.run("bundle", "carry", stick / "tomas.bundle")
    until(lambda: [b for b in carrier.device.run("bundle", "list")["bundles"] if b["state"] == "answer"], "the office's answer came")
    holds(server.find("note", text="Seen from the roof."), "The note is at the office, and the office's answer is on her device.")
    carrier.shell("truckroll", "bundle", "export", "stick/answer.bundle", "--for", device.id[:8])
    carrier.device.run("bundle", "export", stick / "answer.bundle", "--for", device.id[:8])
    tomas.shell("truckroll", "bundle", "import", "stick/answer.bundle")
    device.run("bundle", "import", stick / "answer.bundle")
    holds("The roof is closed on Friday." in device.ask("show", ORDER).out and not device.run("outbox")["operations"],
          "Nothing waits on his device any more, and what the office wrote is there.")
    tomas.comes_back()


def write_a_flight(tomas):
    scene(17, "Something was strange, and nobody knows why")
    flight = tomas.device.dir.parent / "tomas.flight"
    tomas.shell("truckroll", "flight", "export", "tomas.flight")
    said = tomas.device.run("flight", "export", flight)
    holds(flight.stat().st_size > 0 and len(said["opening_words"].split()) == 12,
          f"{said['events']} events of the sync core, what went in and what came out, in one file; twelve words open it.")
    seen("It holds no keys. Whoever mends Truckroll replays it, byte for byte (tests/simulation/replay).")
