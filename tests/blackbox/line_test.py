#!/usr/bin/env python3
"""The line between device and server: cut anywhere, silent, slow to come back; and what travels on it at once."""
import random
import time

import tap
from equal import insist_on_equality
from harness import OFFLINE, REFUSED, SANITIZED, Device, Server, World
from oracle import Told, write_note
from proxy import DOWN, UP, Cut
from tap import promise, size, tell, until

ADA, TOMAS = "Ada Brannock", "Tomas Hale"
SEED = 73


def on_a_line(world, name=ADA, device_name="tablet", order="HH-5001"):
    server = Server.made(world)
    line = world.proxy(server)
    device = Device.enrolled(server, name, device_name, line.url)
    server.book(order, name)
    return server, line, device


def counted(line, action):
    """What the action sends: (bytes up, messages up, connections)."""
    before = line.bytes[UP], line.messages[UP], line.opened
    action()
    return line.bytes[UP] - before[0], line.messages[UP] - before[1], line.opened - before[2]


@promise
def a_session_cut_at_any_byte_ends_equal_nothing_happens_twice_and_one_frame_at_most_is_sent_again():
    with World() as world:
        server, line, device = on_a_line(world)
        told = Told()
        device.sync()
        [write_note(device, told) for _ in range(2)]
        line.bytes = {UP: 0, DOWN: 0}
        most = counted(line, device.sync)
        whole = sum(line.bytes.values())
        step = size(29, 29 if SANITIZED else 7, 1)
        first = int(time.time() // 86400) % step  # another one every day
        cuts = again = 0
        for k in range(first, whole, step):
            write_note(device, told)
            line.cut_at = k
            answer = device.ask("sync", expect=None)
            assert answer.code in (0, OFFLINE), str(answer)
            line.cut_at = None
            if answer.code == 0:
                continue
            cuts += 1
            if k % 3 == 0:
                continue  # two cuts in a row
            sent = counted(line, device.sync)
            assert sent[2] == 1, f"cut at {k}: {sent[2]} connections where one is enough"
            again = max(again, sent[0])
            assert sent[1] <= most[1], f"cut at {k}: {sent[1]} messages where {most[1]} are enough"
            assert sent[0] <= most[0] + 200, f"cut at {k}: {sent[0]} bytes where {most[0]} are enough"  # up to three notes instead of two
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)
        tell(f"{whole} bytes in a session, cut at {first}, {first + step}, …: {cuts} were cut; a whole one sends {most[0]} bytes, the next after a "
             f"cut at most {again}")
        assert cuts > 5, cuts


@promise
def frames_that_come_twice_or_late_change_nothing():
    with World() as world:
        server, line, device = on_a_line(world)
        device.sync()
        told, dice, before, done = Told(), random.Random(SEED), {UP: b"", DOWN: b""}, {}

        def disturb(link, direction, data):
            kind = dice.choice(("twice", "old one first", "old one behind", "as it is"))
            earlier, before[direction] = before[direction], data
            done[kind, direction] = done.get((kind, direction), 0) + 1
            return {"twice": data + data, "old one first": earlier + data, "old one behind": data + earlier, "as it is": data}[kind]

        for _ in range(size(6, 20, 100)):
            write_note(device, told)
            line.on_message = disturb
            assert device.ask("sync", "--wait", "2", expect=None).code in (0, OFFLINE)
            line.on_message = None
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)
        tell(f"seed {SEED}: " + ", ".join(f"{kind} {direction}: {count}" for (kind, direction), count in sorted(done.items())))


@promise
def a_first_sync_cut_at_any_byte_goes_on_and_ends_equal():
    with World() as world:
        server, line, device = on_a_line(world)
        line.bytes = {UP: 0, DOWN: 0}
        probe = Device.enrolled(server, TOMAS, "probe", line.url)
        line.bytes = {UP: 0, DOWN: 0}
        probe.sync()
        whole = sum(line.bytes.values())
        for k in range(0, whole, max(1, whole // size(10, 40, 150))):
            line.cut_at = k
            device.ask("sync", expect=None)
        line.cut_at = None
        device.sync()
        insist_on_equality(server, device, probe)


@promise
def a_lost_acknowledgement_means_sending_again_and_happens_once():
    with World() as world:
        server, line, device = on_a_line(world)
        device.sync()
        told = Told()
        for _ in range(size(3, 10, 25)):
            write_note(device, told)
            before, lost = server.run("status")["operations"], []

            def swallow(link, direction, data):
                if direction == DOWN and not lost and server.run("status")["operations"] > before:
                    lost.append(1)
                    raise Cut()

            line.on_message = swallow
            device.sync()
            line.on_message = None
            assert lost, "the server never committed"
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)


@promise
def a_new_job_reaches_a_connected_device_without_being_asked_for():
    with World() as world:
        server, line, device = on_a_line(world)
        device.start_agent()
        until(lambda: device.run("link")["synced"] and server.run("status")["waiting_devices"] == 1, "the device waits for news")
        events = []
        line.on_message = lambda link, direction, data: events.append(direction)
        visit = server.book("HH-5002", ADA)
        until(lambda: visit in [v["visit"] for v in device.run("today")["visits"]], "the device shows the new job")
        line.on_message = None
        assert events and events[0] == DOWN, f"the device had to ask first: {events}"


@promise
def a_change_reaches_the_other_devices_of_the_territory_without_being_asked_for():
    with World() as world:
        server, line, ada = on_a_line(world)
        tomas = Device.enrolled(server, TOMAS, "laptop")
        tomas.sync()
        tomas.start_agent()
        ada.sync()
        ada.start_agent()
        until(lambda: server.run("status")["waiting_devices"] == 2, "both devices wait for news")
        ada.run("edit", "site", "Hillcrest Infirmary", "access_notes=ring twice")
        until(lambda: tomas.run("show", "--kind", "site", "Hillcrest Infirmary")["site"].get("access_notes") == "ring twice", "Tomas reads it")
        until(lambda: ada.run("outbox")["operations"] == [], "Ada's operation is settled")
        insist_on_equality(server, ada, tomas)


@promise
def work_goes_on_without_a_server_and_sync_says_that_it_is_not_there():
    with World() as world:
        server, line, device = on_a_line(world)
        device.sync()
        line.close_line()
        for words in (("accept", "HH-5001"), ("travel",), ("arrive",), ("note", "HH-5001", "all alone")):
            assert device.run(*words)["saved"]
        answer = device.ask("sync", expect=OFFLINE)
        assert "cannot be reached" in answer.reason, str(answer)
        server.kill()
        line.open_line()
        device.ask("sync", expect=OFFLINE)
        server.start()
        device.sync()
        insist_on_equality(server, device)


@promise
def an_old_failure_is_not_told_of_a_link_that_is_well():
    with World() as world:
        server, line, device = on_a_line(world)
        line.close_line()
        device.start_agent()
        until(lambda: device.run("link")["failure"], "the agent tells why it is off line")
        assert "cannot be reached" in device.run("status")["failure"]
        line.open_line()

        def told_while_well():
            """What people are told, None when the link broke anew meanwhile."""
            device.run("sync", "--wait", 30)
            link, status = device.run("link"), device.run("status")
            told = [world.run("truckroll", word, "--dir", device.dir, "--keys", device.keys, expect=0).out for word in ("link", "status", "doctor")]
            return (link, status, told) if device.run("link")["failures"] == link["failures"] else None

        link, status, told = until(told_while_well, "the link is well for a while")
        assert link["connected"] and not link["failure"] and link["failures"] > 0, link
        assert status["connected"] and not status.get("failure"), status
        assert "cannot be reached" not in "".join(told), told


@promise
def a_server_that_falls_silent_is_given_up_and_found_again():
    import signal
    with World() as world:
        server, line, device = on_a_line(world)
        device.sync()
        server.process.send_signal(signal.SIGSTOP)
        assert device.run("note", "HH-5001", "said into silence")["saved"]
        device.ask("sync", "--wait", "2", expect=OFFLINE)
        server.process.send_signal(signal.SIGCONT)
        device.sync()
        insist_on_equality(server, device)
        assert [row["text"] for row in server.rows("note")] == ["said into silence"]


@promise
def what_a_revoked_device_did_before_still_counts_and_it_gets_nothing_more():
    with World() as world:
        server, line, device = on_a_line(world)
        device.sync()
        operation = device.run("accept", "HH-5001")["operation"]
        server.run("device", "revoke", device.id)
        device.ask("sync", "--wait", "3", expect=None)
        log = {o["id"]: o["outcome"] for o in server.log_of_operations()}
        assert log.get(operation) in ("applied", "applied_note", "issue"), f"the operation is {log.get(operation)}"
        server.book("HH-5003", ADA)
        device.ask("sync", "--wait", "2", expect=None)
        assert "HH-5003" not in device.ask("today", expect=None).out, "a revoked device was sent a job"


@promise
def of_a_stolen_device_nothing_is_applied_and_nothing_vanishes():
    with World() as world:
        server, line, device = on_a_line(world)
        device.sync()
        operation = device.run("accept", "HH-5001")["operation"]
        before = server.find("visit")
        server.run("device", "revoke", device.id, "--stolen")
        answer = device.ask("sync", "--wait", "2", expect=None)
        assert "marked this device as stolen" in str(answer), str(answer)
        assert {o["id"]: o["outcome"] for o in server.log_of_operations()}[operation] == "parked"
        assert server.find("visit") == before, "a stolen device changed a visit"
        assert server.run("device", "list")["devices"][0]["state"] == "stolen"
        server.verify()


@promise
def a_stolen_device_stays_stolen():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        device.sync()
        server.run("device", "revoke", "tablet", "--stolen")
        answer = server.ask("device", "revoke", "tablet", expect=REFUSED)
        assert "stolen" in answer.reason, str(answer)
        assert [d["state"] for d in server.run("device", "list")["devices"]] == ["stolen"]


@promise
def a_refusal_says_why_also_while_devices_wait_for_news():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        device.start_agent()
        until(lambda: device.run("link")["synced"], "the device never came up to date")
        closed = next(o for o in server.rows("work_order") if o["state"] == "closed")
        answer = server.ask("visit", "book", closed["number"], ADA, "--dispatch", expect=REFUSED)
        assert "closed" in answer.reason, str(answer)


@promise
def two_devices_of_one_technician_end_equal():
    with World() as world:
        server, line, tablet = on_a_line(world)
        laptop = Device.enrolled(server, ADA, "laptop", line.url)
        tablet.sync()
        laptop.sync()
        tablet.run("accept", "HH-5001")
        laptop.run("note", "HH-5001", "written on the laptop")
        laptop.run("travel", "HH-5001")
        for device in (tablet, laptop, tablet, laptop):
            device.sync()
        insist_on_equality(server, tablet, laptop)


if __name__ == "__main__":
    tap.main()
