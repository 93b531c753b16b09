"""The oracle of the kill tests: what commands printed, against what is there in the end."""
import json
import subprocess
import threading
import time

from harness import program
from tap import tell


class Told:
    """What a device was asked to save: text -> operation when it said saved, None when it said nothing."""

    def __init__(self, prefix=""):
        self.texts = {}
        self.prefix, self.serial = prefix, 0

    def next_text(self):
        self.serial += 1
        text = f"note {self.prefix}{self.serial} of the oracle"
        self.texts[text] = None
        return text

    def judge(self, server):
        found = [row["text"] for row in server.rows("note")]
        log = [o["id"] for o in server.log_of_operations()]
        saved = [text for text, operation in self.texts.items() if operation]
        for text, operation in self.texts.items():
            count = found.count(text)
            if operation:
                assert count == 1, f"\"{text}\" was saved, and is there {count} times"
                assert log.count(operation) == 1, f"operation {operation} is in the log {log.count(operation)} times"
            else:
                assert count <= 1, f"\"{text}\" is there {count} times"
        unasked = [text for text in found if text not in self.texts]
        assert not unasked, f"nobody wrote {unasked}"
        tell(f"{len(saved)} of {len(self.texts)} notes were called saved, {len(found)} are there")


def insist_on_acknowledged(server, device):
    """What the server told the device it has taken is in its log."""
    acknowledged = {o["operation"] for o in device.run("outbox", "--all")["operations"] if o["state"] not in ("saved", "sent")}
    lost = acknowledged - {o["id"] for o in server.log_of_operations()}
    assert not lost, f"acknowledged and gone: {lost}"


def start_note(device, text, order="HH-5001"):
    return subprocess.Popen([program("truckroll"), "note", order, text, "--dir", str(device.dir), "--keys", str(device.keys), "--json"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=device.world.environment,
                            encoding="utf-8")


def take_answer(process, told, text):
    out, _ = process.communicate(timeout=60)
    if process.returncode == 0:
        answer = json.loads(out)
        assert answer["saved"], out
        told.texts[text] = answer["operation"]


def write_note(device, told, order="HH-5001"):
    text = told.next_text()
    take_answer(start_note(device, text, order), told, text)
    return text


class Writer(threading.Thread):
    """Saves notes on one device until it is told to stop, so many for each time the server ends: a slow machine has no more to do."""

    def __init__(self, device, order, told, an_end):
        super().__init__(daemon=True)
        self.device, self.order, self.told, self.stopped, self.failure = device, order, told, False, None
        self.an_end = self.left = an_end

    def run(self):
        try:
            while not self.stopped:
                if self.left > 0:
                    self.left -= 1
                    write_note(self.device, self.told, self.order)
                else:
                    time.sleep(0.005)
        except Exception as failure:  # told to the test at the end
            self.failure = failure
