"""Checks every #include of the tree against layers.txt.  usage: layers_test.py ROOT"""
import os
import re
import sys
import tempfile

from tree import read_lines, report, source_files

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_layers(path):
    """Returns ({folder: allowed folders}, {outside header: allowed folders})."""
    folders, outside = {}, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if not line:
                continue
            name, _, allowed = line.partition(":")
            name = name.strip()
            if name.startswith("<"):
                outside[name.strip("<>")] = set(allowed.split())
            else:
                folders[name] = set(allowed.split()) | {name}
    for name, allowed in list(folders.items()) + list(outside.items()):
        for folder in allowed - folders.keys():
            raise SystemExit(f"{path}: {name} names the unknown folder {folder}")
    return folders, outside


def folder_of(path, folders):
    """The most specific known folder that holds the path, or None."""
    held = [folder for folder in folders if path.startswith(folder + "/")]
    return max(held, key=len, default=None)


def check_own(here, name, folders):
    there = folder_of(name, folders)
    if there is None:
        return f'"{name}" is not written from the root of the tree'
    return None if there in folders[here] else f"{here} may not use {there}"


def check_outside(here, name, outside):
    for header, allowed in outside.items():
        held = name.startswith(header) if header.endswith("/") else name == header
        if held and here != "tests" and here not in allowed:
            return f"{here} may not include <{name}>"
    return None


def check_tree(root, folders, outside):
    """Returns the complaints about (own includes, outside includes, files in no folder)."""
    own, beyond, homeless = [], [], []
    for path in source_files(root, ".c", ".h"):
        here = folder_of(path, folders)
        if here is None:
            homeless.append(f"{path}: its folder has no line in layers.txt")
            continue
        for number, line in enumerate(read_lines(root, path), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quoted = match[1] == '"'
            problem = check_own(here, match[2], folders) if quoted else check_outside(here, match[2], outside)
            if problem:
                (own if quoted else beyond).append(f"{path}:{number}: {problem}")
    return own, beyond, homeless


def check_the_check(folders, outside):
    """A tree with one of each mistake: all must be found, with their lines."""
    bad = {
        "protocol/domain/a.c": '#include "protocol/base/text.h"\n#include "db/storage.h"\n#include <sqlite3.h>\n',
        "server/b.c": '#include "device_agent/main.h"\n#include "text.h"\n#include <sys/socket.h>\n',
        "protocol/wire/c.h": '#  include <sys/socket.h>\n#include "protocol/domain/a.h"\n',
        "elsewhere/d.c": "",
    }
    expected = (
        ["protocol/domain/a.c:2: protocol/domain may not use db", "server/b.c:1: server may not use device_agent",
         'server/b.c:2: "text.h" is not written from the root of the tree'],
        ["protocol/domain/a.c:3: protocol/domain may not include <sqlite3.h>",
         "protocol/wire/c.h:1: protocol/wire may not include <sys/socket.h>"],
        ["elsewhere/d.c: its folder has no line in layers.txt"],
    )
    with tempfile.TemporaryDirectory() as root:
        for path, text in bad.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        found = check_tree(root, folders, outside)
    return [] if found == expected else [f"expected {expected}", f"found {found}"]


def main():
    root = sys.argv[1]
    folders, outside = read_layers(os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.txt"))
    own, beyond, homeless = check_tree(root, folders, outside)
    return report([
        ("every include of ours goes down the layers and is written from the root", own),
        ("libraries and the operating system are included only where they may be", beyond),
        ("every source file lies in a folder with a place in the layers", homeless),
        ("a wrong include is found", check_the_check(folders, outside)),
    ])


if __name__ == "__main__":
    sys.exit(main())
