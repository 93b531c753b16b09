"""How the story is told: what people do as they would type it, and what is seen of it."""
import os
import shlex
import sys

from harness import NOT_FOUND, REFUSED, Device
from tap import until

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


def typed(words):
    return " ".join(shlex.quote(str(word)) for word in words)


def office(server, *words, note=""):
    """A command of the office, as it is typed and run; gives its JSON."""
    say(f"   {shade('who', 'Office:')} truckrolld {typed(words)}" + (f"   ({note})" if note else ""))
    return server.run(*words)


def seen(text):
    say(f"      {text}")


def holds(claim, sentence):
    """What the story claims, told only when it is so."""
    assert claim, f"the story does not hold: {sentence}"
    seen(sentence)


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
        say(f"   {shade('who', self.first + ':')} truckroll {typed(words)}   {shade('good', 'saved')}" + (f"   ({note})" if note else ""))

    def is_refused(self, *words):
        """Tells what the device says; nothing is saved."""
        before = len(self.device.run("outbox", "--all")["operations"])
        answer = self.device.ask(*words, expect=None)
        say(f"   {shade('who', self.first + ':')} truckroll {typed(words)}   {shade('look', 'refused')}")
        holds(answer.code in (REFUSED, NOT_FOUND) and len(self.device.run("outbox", "--all")["operations"]) == before, answer.reason)

    def shell(self, *words, note=""):
        """A command of the machine that the story carries out by itself."""
        say(f"   {shade('who', self.first + ':')} {typed(words)}" + (f"   ({note})" if note else ""))

    def works(self, order, *between, cause="worn_part", action="replaced", text="Done.", signer="B. Harper"):
        """A whole visit; `between` are commands given on site."""
        for word in ("accept", "travel", "arrive"):
            self.does(word, order)
        for words, note in between:
            self.does(*words, note=note)
        self.does("finish", order, "--cause", cause, "--action", action, "--text", text, "--signer", signer)

    def visits(self):
        return self.device.run("today")["visits"]

    def sees(self, order, state="dispatched"):
        """Waits until the agent has brought the visit."""
        return until(lambda: next((v for v in self.visits() if v["number"] == order and v["title"] and v["state"] == state), None),
                     f"{self.first} sees {order} {state}")

    def goes_off_line(self):
        self.line.close_line()
        say(f"   {self.first}'s line goes down.")

    def comes_back(self):
        self.line.open_line()
        self.device.sync()
        say(f"   {self.first}'s line is back.")


def settle(*people):
    """Until nobody has anything to tell or to hear."""
    for _ in range(2):
        for person in people:
            person.device.sync()


def enrol(server, name, device_name):
    person = Person(server, name, device_name)
    say(f"   {shade('who', 'Office:')} truckrolld device invite --technician {typed([name])}")
    say(f"   {shade('who', person.first + ':')} truckroll enroll CODE --server {person.line.url} --name {device_name}")
    seen(f"both screens show the same six words: {shade('good', person.device.words)}")
    say(f"   {shade('who', 'Office:')} truckrolld device approve {device_name}")
    return person
