#!/usr/bin/env python3
"""Whatever a device called saved survives kill -9 at any moment, and happens once. The oracle is what the commands printed."""
import json
import random
import signal
import socket
import threading

import tap
from equal import insist_on_equality
from harness import CANNOT_WRITE, Device, Server, World
from oracle import Told, start_note, take_answer, write_note
from proxy import DOWN, UP
from tap import promise, size, until

ADA = "Ada Brannock"


def with_device(world, agent):
    server = Server.made(world)
    line = world.proxy(server)
    device = Device.enrolled(server, ADA, "tablet", line.url)
    server.book("HH-5001", ADA)
    device.sync()
    if agent:
        device.start_agent()
    return server, line, device


@promise
def what_a_command_called_saved_survives_killing_the_command_that_writes():
    with World() as world:
        server, _, device = with_device(world, agent=False)
        told, dice = Told(), random.Random(23)
        for _ in range(size(10, 50, 200)):
            text = told.next_text()
            process = start_note(device, text)
            timer = threading.Timer(dice.uniform(0, 0.012), process.kill)
            timer.start()
            take_answer(process, told, text)
            timer.cancel()
            text = write_note(device, told)
            assert told.texts[text], "after a kill the next command does not save"
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)


@promise
def what_an_agent_called_saved_survives_killing_it_while_it_writes_and_syncs():
    with World() as world:
        server, _, device = with_device(world, agent=True)
        told, dice = Told(), random.Random(29)
        for _ in range(size(10, 50, 200)):
            agent = device.agent
            timer = threading.Timer(dice.uniform(0, 0.05), agent.kill)
            timer.start()
            while agent.poll() is None:
                write_note(device, told)
            timer.join()
            device.start_agent()
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)


@promise
def a_device_that_is_killed_at_any_message_of_a_sync_loses_nothing_and_sends_nothing_twice():
    with World() as world:
        server, line, device = with_device(world, agent=True)
        told, dice = Told(), random.Random(31)
        for trial in range(size(6, 30, 200)):
            after, direction = dice.randint(1, 3), dice.choice((UP, DOWN))
            seen = []

            def kill(link, way, data):
                if way == direction and device.agent is not None:
                    seen.append(1)
                    if len(seen) == after:
                        device.agent.kill()

            for _ in range(3):
                write_note(device, told)
            line.on_message = kill
            device.ask("link", "--now", expect=None)
            device.ask("sync", "--wait", "1", expect=None)
            line.on_message = None
            if device.agent.poll() is not None:
                device.agent.wait()
                device.start_agent()
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)


@promise
def a_command_whose_agent_is_killed_says_that_its_outcome_is_unknown_and_where_to_look():
    with World() as world:
        _, _, device = with_device(world, agent=False)
        with socket.socket(socket.AF_UNIX) as agent:  # one that ends with the request in its hands
            agent.bind(str(device.dir / "sock"))
            agent.listen()
            said = world.dir / "note.out"
            with open(said, "wb") as out:
                command = world.start("note.log", "truckroll", "note", "HH-5001", "was it saved?", "--dir", device.dir, "--keys", device.keys,
                                      "--json", stdout=out)
            caller, _ = agent.accept()
            caller.recv(4)
            caller.close()
            assert command.wait(timeout=30) == CANNOT_WRITE, said.read_text()
        error = json.loads(said.read_text())["error"]
        assert error["status"] == "busy" and "truckroll outbox --all" in error["reason"], error
        assert device.run("outbox", "--all")["operations"] == []
        assert device.run("note", "HH-5001", "was it saved?")["saved"]


@promise
def a_first_sync_that_is_killed_again_and_again_ends_complete():
    with World() as world:
        server = Server.made(world)
        device = Device.enrolled(server, ADA, "tablet")
        dice = random.Random(37)
        for _ in range(size(5, 25, 100)):
            process = world.start("tablet.log", "truckroll", "sync", "--wait", 30, "--dir", device.dir, "--keys", device.keys)
            timer = threading.Timer(dice.uniform(0, 0.06), process.send_signal, [signal.SIGKILL])
            timer.start()
            process.wait()
            timer.cancel()
        device.sync()
        insist_on_equality(server, device)
        until(lambda: device.run("status")["index_behind"] == 0, "the search index catches up")


if __name__ == "__main__":
    tap.main()
