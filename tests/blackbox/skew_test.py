#!/usr/bin/env python3
"""Programs of other versions: what they add beside the known is skipped, what cannot be understood is refused in plain words, and the work
that waits is kept."""
import os

import tap
from equal import Files, insist_on_equality
from harness import NEWER as NEWER_PROGRAM
from harness import EXAMPLE, REFUSED, USAGE, Device, Server, World, with_a_line
from newer_server import NewerServer
from peer import Peer, kind_of, packed, section, wire
from tap import promise, tell, until

ADA = "Ada Brannock"
ERROR, DECIDED, PAGE = 15, 11, 12
NEWER = 9


def with_peer(world):
    server = Server.made(world)
    peer = Peer(server.port)
    peer.enrol(server, ADA)
    return server, peer


@promise
def what_a_newer_device_adds_beside_the_known_is_skipped_and_what_it_must_not_miss_is_refused():
    with World() as world:
        server, peer = with_peer(world)
        added = section(40, os.urandom(300), skippable=True)
        for sections in (added + peer.hello_sections(), peer.hello_sections() + added * 20):
            assert kind_of(peer.ask(peer.envelope(sections), timeout=10)) == wire.WELCOME, "an addition was not skipped"
        assert kind_of(peer.provoke(peer.envelope(peer.hello_sections() + section(40, b"must be understood")))) != wire.WELCOME
        later = peer.hello_sections()
        assert kind_of(peer.ask(peer.envelope(later), timeout=10)) == wire.WELCOME
        server.verify()


def newer_blocks():
    """Raw bytes of batches of one operation that this server cannot know."""
    order = b"\0"  # integers: the one operation is of the first group
    return [
        ("an operation that is new", wire.varint(1) + wire.varint(100) + wire.varint(0) + wire.varint(1) + order),
        ("a record that is new", wire.varint(1) + wire.varint(1) + wire.varint(99) + wire.varint(1) + order),
    ]


@promise
def operations_of_a_newer_device_are_refused_as_newer_and_nothing_of_them_is_taken():
    with World() as world:
        server, peer = with_peer(world)
        peer.start()
        before = server.run("status", "--digests")
        blocks = [(what, packed(raw, compression=0)) for what, raw in newer_blocks()]
        blocks.append(("a new compression", packed(b"\\0" * 40, compression=2)))
        for what, block in blocks:
            answer = peer.say(peer.batch(block))
            assert answer is not None and ERROR in answer and DECIDED not in answer, f"{what}: {answer}"
            assert wire.Reader(answer[ERROR]).varint() == NEWER, f"{what}: error {answer[ERROR].hex()}"
        after = server.run("status", "--digests")
        assert before["operations"] == after["operations"] and before["digests"] == after["digests"]


ALL = wire.varint(1)  # scope: everybody's


def newer_pages():
    """Raw bytes of pages that no program of today can read."""
    one = wire.varint(1)
    return [("an entry that is new", one + ALL + wire.varint(9) + wire.varint(3) + one),
            ("a record that is new", one + ALL + wire.varint(0) + wire.varint(60) + one),
            ("a field that is new", one + ALL + wire.varint(0) + wire.varint(3) + one + wire.varint(62 * 2) + b"\0")]


@promise
def rows_of_a_newer_server_are_refused_with_a_sentence_and_the_work_is_kept():
    with World() as world:
        server, device, line = with_a_line(world)
        pages = newer_pages()
        for what, page in pages:
            newer = NewerServer(server, device, section(PAGE, wire.varint(0) + packed(page, compression=0)))
            line.server_port = newer.port
            answer = device.ask("sync", "--wait", "60", expect=None)  # ends at once: waiting does not help
            assert newer.answered == 1 and answer.code == NEWER_PROGRAM, f"{what}: {newer.answered} answers, {answer}"
            said = answer.reason
            tell(f"{what}: {said}")
            assert "newer" in said or "update this program" in said or "not understood" in said or "upgrade" in said, f"{what}: {said}"
            assert device.run("note", "HH-5001", what)["saved"] and device.run("today")["visits"], what
            newer.end()
        until(lambda: len(device.run("outbox")["operations"]) == len(pages), "the work is kept")
        line.server_port = server.port
        device.sync()
        insist_on_equality(server, device)
        assert sorted(row["text"] for row in server.rows("note")) == sorted(what for what, _ in pages)


@promise
def a_newer_server_is_asked_once_whatever_other_ways_to_it_there_are():
    with World() as world:
        server, device, line = with_a_line(world)
        newer = NewerServer(server, device, section(PAGE, wire.varint(0) + packed(newer_pages()[0][1], compression=0)))
        for other in (newer.port, 1):
            before = newer.answered
            device.run("server", f"tcp://127.0.0.1:{newer.port},tcp://127.0.0.1:{other}")
            for patience in ((), ("--wait", "60")):
                answer = device.ask("sync", *patience, expect=NEWER_PROGRAM)
                assert "update this program" in answer.reason, answer
            assert newer.answered == before + 2, newer.answered - before
        newer.end()
        device.run("server", line.url)
        device.sync()
        insist_on_equality(server, device)


# The programs themselves, one of which knows a record more: that of the benchmark, which both are told of with --bench.
KNOWS_MORE = ("--bench",)


@promise
def work_of_a_newer_program_is_refused_by_an_older_server_with_what_to_do_and_kept_with_all_behind_it():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet", options=KNOWS_MORE)
        server.book("HH-5001", ADA)
        device.sync()
        device.run("create", "bench_order", "title=made by a newer program")
        device.run("note", "HH-5001", "behind it")
        kept = [row["operation"] for row in device.run("outbox")["operations"]]
        server.run("order", "hold", "HH-5001", "parts")
        device.run("config", "metered", "yes")
        for carries in ("files", "operations"):  # also where nothing but work may go
            device.run("config", "metered_carries", carries)
            answer = device.ask("sync", "--wait", "10", expect=REFUSED)
            assert "update the server" in answer.reason, f"{carries}: {answer}"
        assert [row["operation"] for row in device.run("outbox")["operations"]] == kept and len(kept) == 2
        assert "operations that wait and are kept: 2" in device.told("pending")[0]
        for words in (("outbox",), ("trace", "last")):
            said = device.run(*words)
            assert said["waits_because"] == "refused" and "update the server" in said["refusal"], said
        assert device.run("show", "HH-5001")["work_order"]["hold_reason"] == "parts", "what the older server has is not fetched"
        found, = server.incidents()
        assert found["kind"] == "unreadable" and "newer than the server" in found["words"], found
        assert not server.rows("note")
        server.verify()


@promise
def rows_of_a_newer_server_are_refused_by_an_older_program_which_goes_on_off_line_and_keeps_its_work():
    with World() as world:
        server = Server.made(world, options=KNOWS_MORE)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        path = world.dir / "more.csv"
        path.write_text("record=bench_order,key,title\n,b1,made by a newer server\n")
        server.run("import", "--apply", path)
        made = device.run("note", "HH-5001", "made meanwhile")["operation"]
        for _ in range(2):
            answer = device.ask("sync", "--wait", 60, expect=None)
            assert answer.code != 0 and "update this program" in answer.reason, str(answer)
        tell(answer.reason)
        assert [visit["number"] for visit in device.run("today")["visits"]] == ["HH-5001"]
        assert [row["operation"] for row in device.run("outbox")["operations"]] == [made]
        assert [row["text"] for row in server.rows("note")] in ([], ["made meanwhile"]), "it came twice"
        server.verify()



# Both programs as they were shipped first: visits had no expected_at, assets no status standby (7), there was no operation
# delay, and a contact's language was in use.
OLDER_DEVICE, OLDER_SERVER = "truckroll_older", "truckrolld_older"
SERIAL, AT = "LI1662002", "2026-11-30T10:30:00Z"


def only_visit(server):
    visit, = server.rows("visit")
    return server.run("show", "visit", visit["id"])["visit"]


def kept(device, table):
    """Rows that keep fields which the device's program does not know."""
    with Files(device.dir / "replica.db") as db:
        return db.execute(f"SELECT count(*) FROM {table} WHERE extra IS NOT NULL").fetchone()[0]


@promise
def an_older_device_keeps_what_a_newer_server_added_through_its_own_edits_and_its_upgrade_finds_it():
    with World() as world:
        server = Server.made(world)
        ada = Device.enrolled(server, ADA, "tablet")
        older = Device.enrolled(server, ADA, "old-laptop", program=OLDER_DEVICE)
        server.book("HH-5001", ADA)
        for device in (ada, older):
            device.sync()
        ada.run("delay", AT, "--visit", "HH-5001")
        server.run("edit", "asset", SERIAL, "status=standby")
        for device in (ada, older):
            device.sync()
        assert kept(older, "visit") == 1 and kept(ada, "visit") == 0
        assert older.run("show", "--kind", "asset", SERIAL)["asset"]["status"] == "other (7)"
        older.run("accept", "HH-5001")  # a guess lies on the row, and is taken back at the cut
        older.run("edit", "asset", SERIAL, "model=changed by an old program")
        assert kept(older, "visit") == 1
        older.sync()
        server.run("order", "hold", "HH-5001", "parts")  # a patch
        older.sync()
        ada.sync()
        assert kept(older, "visit") == 1
        visit = only_visit(server)
        assert visit["expected_at"] == AT and visit["state"] == "accepted", visit
        asset = server.find("asset", serial=SERIAL)
        assert (asset["status"], asset["model"]) == ("standby", "changed by an old program"), asset
        assert not older.told("incidents") and not server.incidents(), "something did not fit"
        insist_on_equality(server, ada)
        before = older.run("status", "--digests")
        older.program = "truckroll"
        assert older.run("show", "HH-5001")["visits"][0]["expected_at"] == AT, "it is not found before anything is fetched"
        older.ask("note", "HH-5001", "by the program of today")
        assert kept(older, "visit") == 0
        assert older.run("status", "--digests")["digests"] == before["digests"], "an upgrade changed a row"
        older.sync()
        insist_on_equality(server, older)
        server.verify()


@promise
def a_newer_device_works_with_an_older_server_and_waits_with_what_that_does_not_know():
    with World() as world:
        server = Server.made(world, program=OLDER_SERVER)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        device.run("accept", "HH-5001")
        device.run("note", "HH-5001", "as ever")
        device.sync()
        insist_on_equality(server, device)
        for words in (("edit", "asset", SERIAL, "status=standby"), ("delay", AT, "--visit", "HH-5001")):
            device.run(*words)
        device.run("note", "HH-5001", "behind it")
        answer = device.ask("sync", "--wait", "10", expect=REFUSED)
        assert "update the server" in answer.reason, str(answer)
        assert len(device.run("outbox")["operations"]) == 3 and len(server.rows("note")) == 1
        assert server.find("asset", serial=SERIAL)["status"] != "standby"
        server.stop()
        server.program = "truckrolld"
        server.start()
        device.sync()
        assert not device.run("outbox")["operations"]
        assert server.find("asset", serial=SERIAL)["status"] == "standby" and only_visit(server)["expected_at"] == AT
        assert len(server.rows("note")) == 2
        insist_on_equality(server, device)
        server.verify()


@promise
def a_field_that_was_retired_is_still_taken_from_older_devices_and_not_offered_any_more():
    with World() as world:
        server = Server.made(world)
        older = Device.enrolled(server, ADA, "old-laptop", program=OLDER_DEVICE)
        newer = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        for device in (older, newer):
            device.sync()
        contact = older.run("show", "HH-5001")["contacts"][0]
        older.run("edit", "contact", contact["id"], "language=zh", "role=porter")
        older.sync()
        newer.sync()
        told = server.run("show", "contact", contact["id"])["contact"]
        assert (told["language"], told["role"]) == ("zh", "porter"), told
        for answer in (newer.ask("edit", "contact", contact["id"], "language=en", expect=USAGE),
                       server.ask("edit", "contact", contact["id"], "language=en", expect=USAGE)):
            assert "is not used any more" in answer.reason, str(answer)
        for device in (older, newer):
            device.sync()
            insist_on_equality(server, device)


@promise
def an_upgrade_of_the_server_sends_nothing_again():
    with World() as world:
        server = Server.made(world, program=OLDER_SERVER)
        devices = [Device.enrolled(server, ADA, "tablet"), Device.enrolled(server, ADA, "old-laptop", program=OLDER_DEVICE)]
        server.book("HH-5001", ADA)
        for device in devices:
            first = device.sync()
            idle = device.sync()
            assert first["bytes_received"] > 20 * idle["bytes_received"], (first, idle)
        digests = server.run("status", "--digests")["digests"]
        server.stop()
        server.program = "truckrolld"
        server.start()
        now = server.run("status", "--digests")["digests"]
        assert now == digests, f"the upgrade changed a row: {[d for d in now if d not in digests]} instead of {[d for d in digests if d not in now]}"
        for device in devices:
            after = device.sync()
            tell(f"{device.name}: {first['bytes_received']} bytes first, {idle['bytes_received']} idle, {after['bytes_received']} behind the upgrade")
            assert after["rows_received"] == 0 and abs(after["bytes_received"] - idle["bytes_received"]) <= 32, (idle, after)
            insist_on_equality(server, device)


REMARKS = ("Pump leaks again: the seal was replaced in spring, and the filter cleaned and tested under load.",
           "RENEWED THE SEAL KIT FROM THE VAN, CUSTOMER WAS SHOWN THE RESULT. PRESSURE IS 7.5 BAR AGAIN.")


def received_for_a_remark(server_program, device_program):
    """How many bytes the office's remark takes to the device; the device's own goes back, and then both go by bundles, too."""
    with World() as world:
        server = Server.made(world, program=server_program)
        device = Device.enrolled(server, ADA, "tablet", program=device_program)
        server.book("HH-5001", ADA)
        device.sync()
        idle = device.sync()["bytes_received"]
        server.run("note", "HH-5001", REMARKS[0])
        received = device.sync()["bytes_received"]
        device.run("note", "HH-5001", REMARKS[1])
        device.sync()
        insist_on_equality(server, device)
        server.run("note", "HH-5001", "by stick: " + REMARKS[0])
        device.run("note", "HH-5001", "by stick: " + REMARKS[1])
        device.run("bundle", "export", world.dir / "up")
        server.run("bundle", "import", world.dir / "up")
        server.run("bundle", "export", "tablet", world.dir / "down")
        device.run("bundle", "import", world.dir / "down")
        assert len(server.rows("note")) == 4 and not device.run("outbox")["operations"]
        insist_on_equality(server, device)
        assert not device.told("incidents") and not server.incidents(), "something did not fit"
        return received - idle


@promise
def no_dictionary_reaches_a_program_that_does_not_know_it():
    both = received_for_a_remark("truckrolld", "truckroll")
    older_device = received_for_a_remark("truckrolld", OLDER_DEVICE)
    older_server = received_for_a_remark(OLDER_SERVER, "truckroll")
    tell(f"a remark takes {both} bytes, to an older device {older_device}, from an older server {older_server}")
    assert both + 20 < min(older_device, older_server), "the newer programs do not use theirs"


@promise
def a_store_that_was_upgraded_is_refused_by_the_older_program_with_what_to_do():
    with World() as world:
        server = Server.made(world, start=False, program=OLDER_SERVER)
        server.program = "truckrolld"
        server.run("status")
        server.ask("verify")
        server.program = OLDER_SERVER
        answer = server.ask("status", expect=NEWER_PROGRAM)
        assert "newer version of the program" in answer.reason and "upgrade this program" in answer.reason, str(answer)


@promise
def importing_the_same_files_with_the_newer_program_changes_nothing():
    """What the older one had in fields that are no longer in use does not count: no file can say it any more."""
    with World() as world:
        server = Server.made(world, start=False, program=OLDER_SERVER)
        server.run("edit", "contact", server.rows("contact")[0]["id"], "language=de")
        server.run("edit", "work_order", server.rows("work_order")[0]["id"], "cost_cents=1234")
        server.program = "truckrolld"
        files = server.run("import", "--apply", *EXAMPLE)["files"]
        assert len(files) == len(EXAMPLE), files
        assert all(file["unchanged"] == file["records"] > 0 and file["created"] + file["kept"] + file["errors"] == 0 for file in files), files


if __name__ == "__main__":
    tap.main()
