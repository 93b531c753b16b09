"""Measures sync, commands and load beside plain SQLite in the same run.

usage: run.py [sync|commands|load|commits|cut|start] [--json FILE] [--quick] [--only CASE,...] [--dir DIR]

Real processes over loopback, everything at its defaults. docs/performance.md says what each case is."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import commands_bench
import cut_bench
import day_bench
import load_bench
import start_bench
import sync_bench


def format_row(row):
    """The cells of one result, as the table shows them."""
    def number(key, digits):
        return f"{row[key]:.{digits}f}" if key in row else ""
    return [row["case"] + (f" ({row['variant']})" if "variant" in row else ""), row["who"], number("seconds", 3), number("per_s", 0),
            number("ratio", 2), number("bytes_per_item", 1), number("median_ms", 2), number("p99_ms", 2),
            number("rss_device_mb", 1), number("rss_server_mb", 1), row.get("note", "")]


def print_table(rows):
    heading = ["case", "who", "seconds", "per s", "ratio", "bytes", "median ms", "p99 ms", "device MB", "server MB", "note"]
    lines = [heading] + [format_row(row) for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heading))]
    for line in lines:
        print("  ".join(cell.ljust(width) if i in (0, 1, 10) else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip())


def count_commits(build):
    """What commits of the office cost the server, in uses of its store, with up to 20,002 devices and 10,002 polls waiting."""
    program = os.path.join(build, "tests", "protocol_sync_commit_cost_test")
    done = subprocess.run([program], env=os.environ | {"TRUCKROLL_TEST_SIZE": "full"}, capture_output=True, text=True, check=False)
    print("\n".join(line[2:] for line in done.stdout.splitlines() if line.startswith("# ")))
    return done.returncode


def main():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["sync", "commands", "load", "commits", "cut", "start"])
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="cases, such as W1,W2")
    parser.add_argument("--devices", type=int, default=0, help="how many wait in W7 (default: 10,000, or 1,000 with --quick)")
    parser.add_argument("--dir", help="where to work (default: a temporary folder beside the build)")
    options = parser.parse_args()
    build = os.environ.get("TRUCKROLL_BUILD")
    if not build:
        sys.exit("run.py: TRUCKROLL_BUILD names no build; start ./bench instead")
    if options.what == "commits":
        sys.exit(count_commits(build))
    rows = []
    with tempfile.TemporaryDirectory(dir=options.dir or build, prefix="bench-") as folder:
        only = set(filter(None, options.only.split(",")))
        if options.what in (None, "sync"):
            bench = sync_bench.measure(build, folder, options.quick, only)
            day_bench.measure(bench, only)
            rows += bench.rows
        if options.what in (None, "commands"):
            rows += commands_bench.measure(build, folder, options.quick)
        if options.what == "load":
            rows += load_bench.measure(build, folder, options.quick, only, options.devices)
        if options.what == "cut":
            rows += cut_bench.measure(build, folder, options.quick)
        if options.what == "start":
            rows += start_bench.measure(build, folder, options.quick)
    print_table(rows)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
