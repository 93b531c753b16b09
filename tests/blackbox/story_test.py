#!/usr/bin/env python3
"""The two front doors: ./demo --story and ./demo."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import tap
from harness import PATIENCE, SANITIZED, UNDER
from tap import promise, until

DEMO = str(pathlib.Path(__file__).with_name("demo.py"))


def the_story_of_a_day_ends_with_everything_equal():
    done = subprocess.run([sys.executable, DEMO, "--story"], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=PATIENCE * 10)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything equal" in done.stdout, done.stdout
    for told in ("refused whole: customer.csv:3001:", "and none twice", "beyond the limits"):
        assert told in done.stdout, f"nothing is told of {told}"
    for told in ("2 mandatory to answer", "work_done_after_cancel", "late_fact", "older copy", "--accept-loss", "draining", "put aside", "Only HTTP"):
        assert told in done.stdout.partition("8. A checklist")[2], f"nothing is told of {told}"
    assert "\033" not in done.stdout, "colours without a terminal"


# Real data make it longer, not other: once is enough.
if not SANITIZED and not UNDER:
    promise(the_story_of_a_day_ends_with_everything_equal)


@promise
def the_story_needs_no_real_data():
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, DEMO, "--story"], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
                              env=dict(os.environ, TRUCKROLL_DATA=folder + "/none"), timeout=PATIENCE * 10)
    assert done.returncode == 0 and "everything equal" in done.stdout, done.stdout + done.stderr
    assert "No real data here" in done.stdout


def the_demo_stays_until_it_is_told_to_stop_and_leaves_nothing():
    with tempfile.TemporaryDirectory() as folder:
        demo = subprocess.Popen([sys.executable, DEMO], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                encoding="utf-8", env=dict(os.environ, TMPDIR=folder, TRUCKROLL_DATA=folder + "/none"))
        try:
            said = []
            until(lambda: said.append(demo.stdout.readline()) or "Ctrl-C" in said[-1] or not said[-1], "the demo is ready", PATIENCE * 2)
            assert "Ctrl-C" in said[-1], "".join(said)
            assert demo.poll() is None
            demo.send_signal(signal.SIGTERM)
            assert demo.wait(timeout=PATIENCE) == 0
            assert os.listdir(folder) == []
        finally:
            demo.kill()
            demo.wait()
            demo.stdout.close()


if not UNDER:
    promise(the_demo_stays_until_it_is_told_to_stop_and_leaves_nothing)

if __name__ == "__main__":
    tap.main()
