"""Checks that each header stands alone.  usage: headers_test.py ROOT BUILD_ROOT COMPILER [ARGUMENT...]"""
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from tree import read_lines, report, source_files


def compile_alone(compiler, folder, header):
    """Includes the header twice as the first thing in a file; returns the compiler's first complaints."""
    text = f'#include "{header}"\n#include "{header}"\nextern int not_empty;\n'
    run = subprocess.run([*compiler, "-fsyntax-only", "-x", "c", "-"], input=text, text=True, capture_output=True, cwd=folder)
    if run.returncode == 0:
        return []
    errors = [line for line in run.stderr.splitlines() if "error" in line][:3]
    return [f"{header}: does not compile alone", *errors]


def guard_of(path):
    """protocol/base/text.h -> TRUCKROLL_BASE_TEXT_H"""
    parts = path[:-len(".h")].split("/")
    if parts[0] == "protocol":
        parts = parts[1:]
    return "TRUCKROLL_" + re.sub(r"[^A-Z0-9]", "_", "_".join(parts).upper()) + "_H"


def check_guards(root, headers):
    complaints = []
    for path in headers:
        lines = [line.strip() for line in read_lines(root, path)]
        guard = guard_of(path)
        if f"#ifndef {guard}" not in lines or f"#define {guard}" not in lines:
            complaints.append(f"{path}: its include guard is not {guard}")
    return complaints


def check_the_check(compiler):
    with tempfile.TemporaryDirectory() as root:
        with open(os.path.join(root, "leans.h"), "w", encoding="utf-8") as file:
            file.write("#ifndef TRUCKROLL_OTHER_H\n#define TRUCKROLL_OTHER_H\nuint8_t leans_on_its_user(void);\n#endif\n")
        found = [len(compile_alone([*compiler, "-I", root], root, "leans.h")) > 0, len(check_guards(root, ["leans.h"])) > 0]
    return [] if all(found) else [f"a header that leans on its user, with a wrong guard: found {found}"]


def main():
    root, build_root, *compiler = sys.argv[1:]
    compiler += ["-I", root, "-I", build_root]
    headers = source_files(root, ".h")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        alone = sum(pool.map(lambda header: compile_alone(compiler, build_root, header), headers), [])
    return report([
        ("every header compiles alone, and twice", alone),
        ("every include guard is named after its file", check_guards(root, headers)),
        ("a header that leans on its user is found", check_the_check(compiler)),
    ])


if __name__ == "__main__":
    sys.exit(main())
