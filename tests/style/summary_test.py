"""Checks that ./check counts what ran and hides no failure.  usage: summary_test.py ROOT"""
import json
import os
import subprocess
import sys
import tempfile

from tree import report


def last_line(root, files):
    """Returns (exit code, last line) of the summing up of a folder with these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        run = subprocess.run([sys.executable, os.path.join(root, "scripts", "summary.py"), folder], text=True, capture_output=True)
        return run.returncode, (run.stdout.splitlines() or [run.stderr])[-1]


def program(result, stdout="", code=0):
    return json.dumps({"name": "x", "result": result, "stdout": stdout, "returncode": code}) + "\n"


CASES = [
    ("points are counted, skipped ones apart", (0, "2 passed, 0 failed, 1 skipped"),
     {"a.json": program("OK", "1..3\nok 1 - a\nok 2\nnot ok 3 # SKIP c\n")}),
    ("a broken point fails", (1, "1 passed, 1 failed, 0 skipped"),
     {"a.json": program("ERROR", "1..2\nok 1 - a\nnot ok 2 - b\n", 1)}),
    ("a program that dies after good points fails", (1, "2 passed, 1 failed, 0 skipped"),
     {"a.json": program("ERROR", "1..3\nok 1\nok 2\n", -11)}),
    ("a program out of time fails", (1, "0 passed, 1 failed, 0 skipped"), {"a.json": program("TIMEOUT")}),
    ("a program that does not speak TAP counts as one", (0, "1 passed, 0 failed, 1 skipped"),
     {"a.json": program("OK", "hello\n") + program("SKIP", "", 77)}),
    ("a whole plan skipped counts as one", (0, "1 passed, 0 failed, 1 skipped"),
     {"a.json": program("OK", "1..1\nok 1\n") + program("SKIP", "1..0 # SKIP no server program\n")}),
    ("all runs and steps are added up", (1, "3 passed, 1 failed, 0 skipped"),
     {"a.json": program("OK"), "b.json": program("OK"), "cppcheck.passed": "", "build.failed": "error: x\n"}),
    ("what cannot be done here is skipped, with its reason", (0, "1 passed, 0 failed, 1 skipped"),
     {"a.json": program("OK"), "fuzz.skipped": "there is no clang here\n", "times": "12\tfuzz\n"}),
    ("nothing run is not a success", (1, "0 passed, 0 failed, 0 skipped"), {}),
]


def main():
    root = sys.argv[1]
    promises = []
    for promise, expected, files in CASES:
        found = last_line(root, files)
        promises.append((promise, [] if found == expected else [f"expected {expected}", f"found {found}"]))
    return report(promises)


if __name__ == "__main__":
    sys.exit(main())
