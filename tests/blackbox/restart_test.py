#!/usr/bin/env python3
"""A server that is told to stop in the middle of its work, as when it is upgraded: nothing that it took is lost, and everybody goes on."""
import random
import signal
import threading

import tap
from equal import insist_on_equality
from harness import DONE, EXAMPLE, PATIENCE, Device, Server, World, end
from oracle import Told, Writer
from tap import promise, size, tell, until

PEOPLE = {"Ada Brannock": "HH-5001", "Tomas Hale": "HH-5002", "Bridget Sorrell": "HH-5016", "Ifor Maddox": "HH-5031"}
SEED = 83


def at_work(world):
    """An office, and four devices on line that write without pause: (server, devices, what they were told, their writers)."""
    server = Server.made(world)
    devices = [Device.enrolled(server, name, f"device-{number}") for number, name in enumerate(PEOPLE)]
    for name, order in PEOPLE.items():
        server.book(order, name)
    for device in devices:
        device.sync()
        device.start_agent()
    told = [Told(f"{device.name}/") for device in devices]
    writers = [Writer(device, order, ledger, 15) for device, order, ledger in zip(devices, PEOPLE.values(), told)]
    for writer in writers:
        writer.start()
    return server, devices, told, writers


@promise
def a_server_that_is_told_to_stop_under_load_ends_well_and_nothing_that_was_saved_is_lost():
    with World() as world:
        server, devices, told, writers = at_work(world)
        dice = random.Random(SEED)
        for _ in range(size(3, 8, 30)):
            threading.Event().wait(dice.uniform(0, 0.2))
            server.stop()
            logs = [path.name for path in server.dir.glob("*-wal") if path.stat().st_size > 0]
            assert logs == [], f"it left {logs} behind"
            for writer in writers:
                writer.left = writer.an_end
            server.start()
            for device in devices:
                device.ask("link", "--now", expect=None)
            before = server.run("status")["operations"]
            until(lambda: server.run("status")["operations"] > before or not any(writer.left for writer in writers), "work goes on", PATIENCE)
        for writer in writers:
            writer.stopped = True
            writer.join()
            assert writer.failure is None, writer.failure
        for device in devices + devices:  # the second time each fetches what the others sent
            device.sync(wait=3 * PATIENCE)
        for device in devices:
            device.stop_agent()
        insist_on_equality(server, *devices)
        everything = Told()
        for ledger in told:
            everything.texts.update(ledger.texts)
        everything.judge(server)
        assert not server.incidents(), "a stop as it should be was told as an incident"
        tell(f"seed {SEED}")


@promise
def a_terminal_that_closes_stops_server_and_agent_as_they_should():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # this test may be run by nohup, and the programs would be, too
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, "Ada Brannock", "tablet")
        device.start_agent()
        assert (end(device.agent, signal.SIGHUP), end(server.process, signal.SIGHUP)) == (0, 0)
        device.agent = None
        server.start()
        assert not server.incidents(), "it was told as a crash"


@promise
def a_command_that_a_stopping_server_has_in_its_hands_is_done_or_says_that_it_was_not():
    with World() as world:
        server = Server.made(world)
        done = 0
        for number in range(size(3, 6, 20)):
            text, answers = f"while it stops {number}", []
            asking = threading.Thread(target=lambda: answers.append(server.ask("note", "HH-5001", text, expect=None)))
            asking.start()
            threading.Event().wait(random.Random(SEED + number).uniform(0, 0.02))
            server.stop()
            asking.join()
            count = [row["text"] for row in server.rows("note")].count(text)
            assert count == 1 if answers[0].code == DONE else count <= 1 and answers[0].reason, f"{answers[0]}\nit is there {count} times"
            done += answers[0].code == DONE
            server.start()
        tell(f"{done} of {number + 1} were done")


@promise
def an_import_that_is_interrupted_by_a_stop_is_completed_by_the_same_import():
    with World() as world:
        server, whole = Server.made(world, files=None), Server.made(world, name="other", start=False)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(server.ask("import", "--apply", *EXAMPLE, expect=None)))
        asking.start()
        threading.Event().wait(random.Random(SEED).uniform(0, 0.1))
        server.stop()
        asking.join()
        assert answers[0].code == DONE or answers[0].reason, str(answers[0])
        server.start()
        server.run("import", "--apply", *EXAMPLE)
        for kind in ("account", "site", "asset", "work_order", "part", "kb_article"):
            assert len(server.rows(kind)) == len(whole.rows(kind)), kind
        server.verify()


if __name__ == "__main__":
    tap.main()
