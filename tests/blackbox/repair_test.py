#!/usr/bin/env python3
"""Rows that are not as the office has them: found, put right by range, and told; nothing is fetched that does not differ."""
import shutil

import tap
from equal import insist_on_equality
from harness import OFFLINE, PATIENCE, Device, Server, World, with_a_line
from stores import change
from tap import promise, tell, until

ADA = "Ada Brannock"


@promise
def rows_changed_behind_its_back_are_found_put_right_and_told():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        first = device.sync()
        assert device.run("sync", "--check")["repaired_rows"] == 0
        assert "Every row here is as the office has it." in world.run("truckroll", "sync", "--check", "--dir", device.dir, "--keys", device.keys).out
        device.run("note", "HH-5001", "not sent yet")
        changed = change(device, "UPDATE site SET name = 'rotten' WHERE row = (SELECT min(row) FROM site)",
                         "DELETE FROM part WHERE row = (SELECT max(row) FROM part)",
                         "INSERT INTO part (id, home, gseq, author, hash, number) SELECT randomblob(16), home, gseq, author, hash, 'never made' FROM part LIMIT 1")
        answer = device.ask("sync", "--check")
        assert answer.json["repaired_rows"] == changed == 3, str(answer)
        assert answer.json["pending"] == 0 and "Rows here that were not as the office has them: 3" in answer.err, str(answer)
        insist_on_equality(server, device)
        tell(f"3 rows of {sum(len(server.rows(kind)) for kind in ('site', 'part'))} and more: {answer.json['bytes_received']} bytes, a first sync {first['bytes_received']}")
        english, chinese = device.told("rows put right"), device.told("rows put right", "--lang", "zh")
        assert len(english) == 1 and "rows not as the office has them: 1, missing: 1, too many: 1" in english[0], english
        assert len(chinese) == 1 and "1 行缺失" in chinese[0], chinese


@promise
def what_is_only_news_is_fetched_before_anything_is_compared():
    with World() as world:
        server, device, line = with_a_line(world)
        for who in ("a command", "an agent"):
            line.close_line()
            if who == "an agent":
                device.start_agent()
            server.run("note", "HH-5001", f"news for {who}")
            device.run("sync", "--check", expect=OFFLINE)
            line.open_line()
            assert device.run("sync", "--check", "--wait", PATIENCE)["repaired_rows"] == 0, who
            assert not device.told("rows put right"), who
            insist_on_equality(server, device)


def rot(device):
    """A row changes, one vanishes, one comes up; and a day has passed since all were looked at."""
    return change(device, "UPDATE site SET name = 'rotten' WHERE row = (SELECT min(row) FROM site)",
                  "DELETE FROM part WHERE row = (SELECT max(row) FROM part)",
                  "INSERT INTO part (id, home, gseq, author, hash, number) SELECT randomblob(16), home, gseq, author, hash, 'never made' FROM part LIMIT 1",
                  "UPDATE state SET checked_at_ms = 0") - 1


def told_of_rot(server):
    return [incident for incident in server.incidents() if incident["kind"] == "rot"]


@promise
def rot_is_found_without_being_asked_by_an_agent_and_by_a_sync_and_both_sides_tell():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        assert "fitted at" in device.told("rows")[0], device.told("rows")
        rot(device)
        assert "not checked yet" in device.told("rows")[0] and "尚未核对" in device.told("rows", "--lang", "zh")[0], device.told("rows")
        device.start_agent()
        until(lambda: device.told("rows put right") and told_of_rot(server), "the agent finds it", PATIENCE)
        insist_on_equality(server, device)
        until(lambda: "fitted at" in device.told("rows")[0], "all rows were looked at again", PATIENCE)
        assert any("changed on the disk" in found for found in device.told("incident")), device.told("incident")
        incident = told_of_rot(server)[0]
        assert incident["device"] == "tablet" and "have its disk checked" in str(incident), incident
        device.stop_agent()
        changed = rot(device)
        answer = device.sync()
        assert answer["repaired_rows"] == changed == 3, answer
        insist_on_equality(server, device)
        assert told_of_rot(server)[0]["count"] == 2, told_of_rot(server)


@promise
def a_row_that_the_office_moves_and_that_is_not_here_is_an_incident_and_comes_back():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        server.book("HH-5001", ADA)
        device.sync()
        change(device, "DELETE FROM work_order WHERE number = 'HH-5001'")
        server.run("order", "hold", "HH-5001", "parts")
        answer = device.ask("sync", "--wait", 30)
        assert answer.json["repaired_rows"] == 1, str(answer)
        insist_on_equality(server, device)
        assert len(device.told("rows put right")) == 1 and len(device.told("incident")) == 1


@promise
def after_a_restore_of_the_server_only_what_differs_is_fetched():
    with World() as world:
        server = Server.made(world)
        devices = [Device.enrolled(server, ADA, "tablet"), Device.enrolled(server, "Tomas Hale", "phone")]
        server.book("HH-5001", ADA)
        first = [device.sync()["bytes_received"] for device in devices]
        server.stop()
        backup = world.dir / "backup.db"
        shutil.copy(server.dir / "organisation.db", backup)
        server.start()
        devices[0].run("note", "HH-5001", "said after the backup")
        server.run("note", "HH-5001", "the office's, lost with the backup")
        [device.sync() for device in devices]
        server.stop()
        shutil.copy(backup, server.dir / "organisation.db")
        server.start(options=("--accept-loss",))
        answers = [device.sync() for device in devices]
        [device.sync() for device in devices]
        insist_on_equality(server, *devices)
        assert {row["text"] for row in server.rows("note")} >= {"said after the backup"}
        for answer, whole in zip(answers, first):
            tell(f"{answer['bytes_received']} bytes received after the restore, {whole} by the first sync")
            assert answer["repairs"] == 1 and answer["bytes_received"] < whole, answer


if __name__ == "__main__":
    tap.main()
