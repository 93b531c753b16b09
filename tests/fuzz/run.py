#!/usr/bin/env python3
"""Runs the fuzz targets, as many at a time as there are processors, each from its corpus.

usage: tests/fuzz/run.py [--seconds N] [--only NAME,...] [--work DIR] [--merge]

Needs clang with its libFuzzer (Debian: clang, libclang-rt-14-dev). Builds build-fuzz when it is not there. What a target finds on its way stays in
DIR (default: build-fuzz/work) and is where the next run goes on; an input that fails is kept there as NAME/crash-... and ends with exit 1.
--merge writes the fewest inputs that reach as much into tests/fuzz/corpus. Exit 77: no clang here."""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build-fuzz")
CORPUS = os.path.join(HERE, "corpus")
MEGABYTES_MAX = 1024
INPUT_SECONDS_MAX = 25
OPTIONS = ["-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Doptimization=1"]
LONGEST = {"frame": 2048, "core": 121, "listener": 2048, "client": 2048, "old_store": 257, "store": 257, "kb_search": 300,
           "device_line": 400, "office_line": 400, "typed_text": 80, "field_text": 200, "operation": 4096, "record": 4096, "session": 512}


def build():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["meson", "setup", BUILD, ROOT, *OPTIONS], env={**os.environ, "CC": "clang"}, stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["ninja", "-C", BUILD, "--quiet", "fuzz_engines"], check=True)


def targets():
    folder = os.path.join(BUILD, "tests", "fuzz")
    return sorted(name[:-5] for name in os.listdir(folder) if name.endswith("_fuzz"))


def engine(name, *arguments):
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=0", "UBSAN_OPTIONS": "print_stacktrace=1",
                   "LSAN_OPTIONS": "print_suppressions=0:suppressions=" + os.path.join(os.path.dirname(HERE), "leaks.txt")}
    return subprocess.run([os.path.join(BUILD, "tests", "fuzz", name + "_fuzz"), f"-max_len={LONGEST.get(name, 16384)}", f"-rss_limit_mb={MEGABYTES_MAX}",
                           f"-timeout={INPUT_SECONDS_MAX}", *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=False, errors="replace", text=True)


def fuzz(name, work, seconds):
    """True when nothing was found; prints one line either way."""
    folder = os.path.join(work, name)
    os.makedirs(folder, exist_ok=True)
    started = time.monotonic()
    done = engine(name, f"-max_total_time={seconds}", "-print_final_stats=1", f"-artifact_prefix={folder}/", folder, os.path.join(CORPUS, name))
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    reached = re.findall(r"cov: (\d+)", done.stderr)
    print(f"{'ok' if done.returncode == 0 else 'FAILED'} {name}: {runs[1] if runs else '?'} inputs in {time.monotonic() - started:.0f} s, "
          f"{reached[-1] if reached else '?'} edges", flush=True)
    if done.returncode != 0:
        print("\n".join([line for line in done.stderr.splitlines() if not line.startswith(("#", "INFO:"))][:40]), flush=True)
    return done.returncode == 0


def merge(name, work):
    """The fewest inputs of the corpus and of what was found that reach all that they reach together."""
    fresh = os.path.join(work, name + ".merged")
    shutil.rmtree(fresh, ignore_errors=True)
    os.makedirs(fresh)
    folders = [folder for folder in (os.path.join(CORPUS, name), os.path.join(work, name)) if os.path.isdir(folder)]
    done = engine(name, "-set_cover_merge=1", fresh, *folders)
    if done.returncode != 0 or not os.listdir(fresh):
        sys.exit(f"run.py: {name}: the inputs cannot be merged\n{done.stderr[-2000:]}")
    shutil.rmtree(os.path.join(CORPUS, name), ignore_errors=True)
    shutil.copytree(fresh, os.path.join(CORPUS, name))
    size = sum(os.path.getsize(os.path.join(fresh, entry)) for entry in os.listdir(fresh))
    print(f"{name}: {len(os.listdir(fresh))} inputs, {size} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/fuzz/run.py", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--only", default="", help="targets, such as page,store")
    parser.add_argument("--work", default=os.path.join(BUILD, "work"), help="where found inputs are kept")
    parser.add_argument("--merge", action="store_true", help="write the fewest inputs into the corpus instead")
    options = parser.parse_args()
    if shutil.which("clang") is None:
        print("there is no clang here")
        return 77
    build()
    names = list(filter(None, options.only.split(","))) or targets()
    if options.merge:
        for name in names:
            merge(name, options.work)
        return 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return 0 if all(list(pool.map(lambda name: fuzz(name, options.work, options.seconds), names))) else 1


if __name__ == "__main__":
    sys.exit(main())
