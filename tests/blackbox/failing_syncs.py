"""Calls that a program makes about one file and its log fail, by strace."""
import re
import subprocess

from harness import SANITIZED
from tap import Skip

SYNCS = "fsync,fdatasync"


def need_strace():
    try:
        probe = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "inject=fsync:error=EIO:when=1", "true"], capture_output=True)
    except OSError:
        raise Skip("strace is not installed") from None
    if probe.returncode != 0:
        raise Skip("strace may not trace here")
    if SANITIZED:
        raise Skip("the address sanitizer does not run below strace")


def injecting(trace, path, calls, error, when):
    """What to put before a program, so that calls about a file and its log fail."""
    return ["strace", "-f", "-y", "-o", str(trace), "-P", str(path), "-P", f"{path}-wal", "-e", f"trace={calls}",
            "-e", f"inject={calls}:error={error}:when={when}"]


def after_failure(trace):
    """The calls after the first that was made to fail."""
    lines = [line for line in trace.read_text().splitlines() if re.search(r"\(\d+<", line)]
    failed = [number for number, line in enumerate(lines) if "INJECTED" in line]
    assert failed, f"nothing failed:\n{trace.read_text()}"
    return lines[failed[0] + 1:]
