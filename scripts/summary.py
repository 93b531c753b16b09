"""Sums up what ./check left in a folder.  usage: summary.py FOLDER

NAME.json is a log of `meson test`; NAME.failed holds the output of a step that failed; NAME.passed is a
step that passed; NAME.skipped says why a step could not be done here; `times` has seconds and name of each
step, and last those of all, since some go on beside others. Prints where the time went, the failures with
their output and one last line; exit 1 when there are any.
"""
import json
import os
import re
import sys

POINT = re.compile(r"^(not ok|ok)\b\s*\d*\s*(?:- )?(.*)$")
PLAN = re.compile(r"^1\.\.\d+", re.MULTILINE)
GOOD = {"OK", "EXPECTEDFAIL"}
FIRST_LINES = 40
LAST_LINES = 30
SLOWEST = 15


def count_points(text):
    """Returns (passed, failed, skipped) of a TAP stream; a point marked as expected to fail counts as passed."""
    passed = failed = skipped = 0
    for line in text.splitlines():
        match = POINT.match(line)
        if not match:
            continue
        if re.search(r"#\s*skip", match[2], re.IGNORECASE):
            skipped += 1
        elif match[1] == "ok" or re.search(r"#\s*to" "do", match[2], re.IGNORECASE):
            passed += 1
        else:
            failed += 1
    return passed, failed, skipped


def count_program(test):
    """Returns (passed, failed, skipped) of one test program, its points when it speaks TAP."""
    result, text = test["result"], test.get("stdout", "")
    if not PLAN.search(text):
        return (1, 0, 0) if result in GOOD else (0, 0, 1) if result == "SKIP" else (0, 1, 0)
    passed, failed, skipped = count_points(text)
    if result in GOOD:
        return passed + failed, 0, skipped # failed points of a program that should fail
    if result == "SKIP":
        return passed, failed, max(skipped, 1)
    return passed, max(failed, 1), skipped # it died, ran out of time or fell short of its plan


def print_failure(name, result, text):
    lines = text.rstrip().splitlines()
    print(f"\nFAILED {name} ({result})")
    left_out = len(lines) - FIRST_LINES - LAST_LINES
    if left_out > 0:
        lines[FIRST_LINES:-LAST_LINES] = [f"... {left_out} lines left out ..."]
    for line in lines:
        print(f"    {line}")


def broken_lines(text):
    """A TAP stream without its points that hold."""
    return "\n".join(line for line in text.splitlines() if not re.match(r"^(ok\b|1\.\.)", line))


def read_log(folder, name):
    with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def short(test):
    """blackbox/story of "truckroll:blackbox / blackbox/story"."""
    return test["name"].rpartition(" / ")[2].removeprefix("truckroll:")


def print_times(folder):
    """Each step, and of the tests those that took longest."""
    path = os.path.join(folder, "times")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        steps = [line.rstrip("\n").split("\t") for line in file]
    print(f"\n{'seconds':>8}  step")
    for seconds, name in steps:
        print(f"{seconds:>8}  {name}")
    slowest = sorted(((test.get("duration", 0), name, short(test)) for name in sorted(logs(folder)) for test in read_log(folder, name)), reverse=True)
    if slowest:
        print(f"\n{'seconds':>8}  slowest tests")
    for seconds, run, name in slowest[:SLOWEST]:
        print(f"{seconds:8.1f}  {run}: {name}")


def logs(folder):
    return [name for name, ending in map(os.path.splitext, os.listdir(folder)) if ending == ".json"]


def sum_log(folder, name):
    totals = [0, 0, 0]
    for test in read_log(folder, name):
        counts = count_program(test)
        totals = [total + count for total, count in zip(totals, counts)]
        if counts[1]:
            text = broken_lines(test.get("stdout", "")) + "\n" + test.get("stderr", "")
            print_failure(f"{name}: {test['name'].removeprefix('truckroll:')}", f"{test['result'].lower()}, exit {test['returncode']}", text)
    return totals


def main():
    folder = sys.argv[1]
    totals = [0, 0, 0]
    print_times(folder)
    for file_name in sorted(os.listdir(folder)):
        name, ending = os.path.splitext(file_name)
        if ending == ".json":
            totals = [total + count for total, count in zip(totals, sum_log(folder, name))]
        elif ending == ".passed":
            totals[0] += 1
        elif ending == ".skipped":
            totals[2] += 1
            with open(os.path.join(folder, file_name), encoding="utf-8", errors="replace") as file:
                print(f"\nSKIPPED {name.replace('_', ' ')}: {file.read().strip()}")
        elif ending == ".failed":
            totals[1] += 1
            with open(os.path.join(folder, file_name), encoding="utf-8", errors="replace") as file:
                print_failure(name.replace("_", " "), "failed", file.read())
    print(f"\n{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
