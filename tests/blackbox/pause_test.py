#!/usr/bin/env python3
"""Agent, server or the line between them stands still for a while, at any message, and goes on as if nothing had been."""
import random
import signal
import time

import tap
from equal import insist_on_equality
from harness import World, with_a_line
from oracle import Told, start_note, take_answer
from proxy import DOWN, UP
from tap import promise, size, tell, until

SEED = 71


class Line:
    """The proxy, standing still on request."""

    def __init__(self, line):
        self.line = line
        self.stopped = False

    def wait(self, *_):
        while self.stopped:
            time.sleep(0.01)


@promise
def whoever_is_stopped_in_the_middle_goes_on_and_nothing_is_lost_or_done_twice():
    with World() as world:
        server, device, line = with_a_line(world)
        device.start_agent()
        told, dice, still = Told(), random.Random(SEED), Line(line)
        for trial in range(size(3, 9, 18)):
            victim = ("agent", "server", "line")[trial % 3]
            after, direction, seen = dice.randint(1, 2), dice.choice((UP, DOWN)), []

            def stop(link, way, data):
                if way == direction:
                    seen.append(1)
                    if len(seen) == after and victim == "line":
                        still.stopped = True
                    elif len(seen) == after:
                        (device.agent if victim == "agent" else server.process).send_signal(signal.SIGSTOP)
                still.wait()

            line.on_message = stop
            text = told.next_text()
            writing = start_note(device, text)
            try:
                until(lambda: len(seen) >= after, "it is stopped", 1)
            except AssertionError:
                pass  # so many messages did not come
            time.sleep(size(0.1, 0.3, dice.choice((1, 5, 30))))
            line.on_message = None
            still.stopped = False
            for process in (device.agent, server.process):
                process.send_signal(signal.SIGCONT)
            take_answer(writing, told, text)
            assert told.texts[text], "it goes on, and the command was not saved"
        device.run("link", "--now")
        until(lambda: device.run("outbox")["operations"] == [], "all is settled", 90)
        device.stop_agent()
        device.sync()
        insist_on_equality(server, device)
        told.judge(server)
        tell(f"seed {SEED}")


if __name__ == "__main__":
    tap.main()
