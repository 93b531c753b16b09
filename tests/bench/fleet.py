"""Many devices in one process (tests/bench/load), the organisation they belong to, and what is asked of them."""
import csv
import json
import os
import subprocess

from programs import proc_status, run


def write_csv(path, head, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
    return path


def make_organisation(programs, folder, territories, technicians, assets):
    """An organisation with `assets` in each territory, whose technicians take turns in the territories. Only ids decide what a device holds: its
    territory's assets, and all technicians and territories."""
    files = folder + ".csv"
    os.makedirs(files, exist_ok=True)
    run(programs.server, "init", folder, "--name", "Harbour & Hill Service")
    run(programs.server, "import", "--apply", "--dir", folder,
        write_csv(os.path.join(files, "territories.csv"), ["record=territory", "key", "name"],
                  (["", f"t{i}", f"Territory {i}"] for i in range(territories))),
        write_csv(os.path.join(files, "technicians.csv"), ["record=technician", "key", "name", "territory_id"],
                  (["", f"u{i}", f"Technician {i}", f"t{i % territories}"] for i in range(technicians))),
        write_csv(os.path.join(files, "assets.csv"), ["record=asset", "key", "territory_id", "name", "model", "serial"],
                  (["", f"a{i}-{k}", f"t{i}", f"Circulation pump {k}, east wing", f"Rotaflow {k % 9 * 5 + 20}-{i % 80 + 40}",
                    f"PU{(i * 7919 + k * 104729) % 10**7:07d}"] for i in range(territories) for k in range(assets))))


class Fleet:
    """The devices of a fleet's file, led word by word. What it answers is described in tests/bench/load/fleet.h."""

    def __init__(self, programs, port, file, most=0):
        self.process = subprocess.Popen([programs.load, str(port), file, *([str(most)] if most else [])], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.answer()

    @classmethod
    def enlisted(cls, programs, server_folder, count, port):
        """New devices of an organisation that nobody serves yet; `port` is called when they are made."""
        file = server_folder + ".fleet"
        run(programs.enlist, server_folder, str(count), file)
        return cls(programs, port(), file)

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the devices ended with {self.process.wait()}")
        return json.loads(line)

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def ask(self, *words):
        self.tell(*words)
        answer = self.answer()
        if answer["failures"]:
            raise SystemExit(f"bench: {answer['failures']} failures at the devices")
        return answer

    def reach(self, goal, seconds):
        """Until all are there."""
        answer = self.ask(goal, seconds)
        if not answer["all"]:
            raise SystemExit(f"bench: only {answer['reached']} of {answer['devices']} devices were {goal} after {seconds} s: {answer}")
        return answer

    def peak_mb(self):
        return proc_status(self.process.pid, "VmHWM") / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
