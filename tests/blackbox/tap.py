"""Promises as functions: a test file decorates them with @promise and ends with tap.main(). Output is TAP 13."""
import os
import sys
import time
import traceback

PROMISES = []


class Skip(Exception):
    """The machine cannot show this promise; the reason is the message."""


def promise(function):
    PROMISES.append(function)
    return function


def size(quick, normal, full):
    """How often a repeated test repeats, by TRUCKROLL_TEST_SIZE; with sanitizers, which look for other bugs than numbers find, the next fewer."""
    if os.environ.get("TRUCKROLL_SANITIZE", "none") != "none":
        quick, normal, full = quick, quick, normal
    return {"quick": quick, "normal": normal, "full": full}[os.environ.get("TRUCKROLL_TEST_SIZE") or "normal"]


def tell(text):
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def until(condition, what, seconds=20):
    """Waits for condition() to be true and returns what it gave; after `seconds` the test fails, saying `what` did not happen."""
    if os.environ.get("TRUCKROLL_UNDER"): # the programs run under a checker that makes them slow
        seconds *= 10
    deadline = time.monotonic() + seconds
    pause = 0.005
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > deadline:
            raise AssertionError(f"within {seconds} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def run_one(number, function):
    name = function.__name__
    began = time.monotonic()
    try:
        function()
    except Skip as reason:
        print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        return True
    except Exception:
        tell(traceback.format_exc())
        print(f"not ok {number} - {name}", flush=True)
        return False
    print(f"ok {number} - {name}", flush=True)
    tell(f"{time.monotonic() - began:.1f} s")
    return True


def main():
    """Runs all promises, or those whose name contains one of the arguments."""
    wanted = sys.argv[1:]
    chosen = [f for f in PROMISES if not wanted or any(word in f.__name__ for word in wanted)]
    print("TAP version 13")
    print(f"1..{len(chosen)}", flush=True)
    good = [run_one(number, function) for number, function in enumerate(chosen, 1)]
    sys.exit(0 if all(good) else 1)
