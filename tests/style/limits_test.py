"""Checks sizes, blanks and words of the source tree.  usage: limits_test.py ROOT"""
import os
import re
import sys
import tempfile

from tree import read_lines, report, source_files

MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 70
MAX_COLUMNS = 140
TAB = 8

SOURCES = (".c", ".h")
SCRIPTS = ("/check", "/demo", "/bench", "/run", ".sh", ".py", ".build", "meson_options.txt", ".sql")
PROSE = (".md", ".8", ".1")


def words(*pieces):
    """A pattern of whole words, given in pieces so that this file does not hold what it forbids."""
    return re.compile(r"(?<![A-Za-z])(" + "|".join("".join(word.split("+")) for word in pieces) + r")(?![A-Za-z])")


UNFINISHED = words("TO+DO", "FIX+ME", "XX+X", "HA+CK", "[Pp]lace+holders?", "[Ss]tu+b(s|bed)?", "[Ff]or no+w")
# What must not be called: outside bytes are never handed to SQLite's changesets, nng's own TLS and HTTP die of hostile ones, and calls that
# know no size have ones beside them that do.
UNSAFE = re.compile(r"(?<![A-Za-z0-9_])(sqlite3changeset_\w+|sqlite3session_\w+|nng_http_\w+|nng_tls_\w+|strcpy|strcat|sprintf|vsprintf"
                    r"|alloca|system|popen|mktemp|tmpnam)(?= ?\()")
FOREIGN = re.compile("|".join("".join(word.split("+")) for word in (
    r"(?<![A-Za-z0-9_.}])/wo+rk/", r"/tmp/t+r\b", r"/ho+me/", r"/ro+ot/", "[Aa]ssis+tant", "[Cc]lau+de", "[Aa]nthro+pic",
    "[Cc]hatG+PT", "[Cc]opi+lot", r"\bL+LM", "[Cc]opy+right", r"pyp+i\.org", r"npm+js", r"crates+\.io", r"deb\.deb+ian\.org")))


def lint_lines(lines, pattern):
    for number, line in enumerate(lines, 1):
        match = pattern.search(line)
        if match:
            yield number, match[0]


def long_functions(lines):
    """Yields (line, length) of each function body that is too long; bodies open and close in column 0."""
    opened = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            opened = number
        elif line == "}" and opened is not None:
            if number - opened > MAX_FUNCTION_LINES:
                yield opened, number - opened
            opened = None


def check_sizes(root):
    complaints = []
    for path in source_files(root, *SOURCES):
        lines = read_lines(root, path)
        if len(lines) - 1 > MAX_FILE_LINES:
            complaints.append(f"{path}: {len(lines) - 1} lines, at most {MAX_FILE_LINES}: a noun is hiding in it")
        complaints += [f"{path}:{line}: a function of {length} lines, at most {MAX_FUNCTION_LINES}"
                       for line, length in long_functions(lines)]
        complaints += [f"{path}:{number}: wider than {MAX_COLUMNS} columns"
                       for number, line in enumerate(lines, 1) if len(line.expandtabs(TAB)) > MAX_COLUMNS]
    return complaints


def check_blanks(root):
    complaints = []
    for path in text_files(root):
        lines = read_lines(root, path)
        complaints += [f"{path}:{number}: blanks at the end of the line"
                       for number, line in enumerate(lines, 1) if line != line.rstrip()]
        if lines[-1] != "":
            complaints.append(f"{path}: the last line has no end")
        if path.endswith(SOURCES):
            complaints += [f"{path}:{number}: indented with spaces" for number, line in enumerate(lines, 1)
                           if re.match(" +[^ *]", line)]
    return complaints


def text_files(root):
    return [path for path in source_files(root, *SOURCES, *PROSE, *(ending.lstrip("/") for ending in SCRIPTS))
            if ("/" + path).endswith(SOURCES + PROSE + SCRIPTS)]


def check_words(root, pattern, what):
    return [f"{path}:{number}: {what}: {word}" for path in text_files(root)
            for number, word in lint_lines(read_lines(root, path), pattern)]


def check_calls(root):
    return [f"{path}:{number}: {word}() is not safe" for path in source_files(root, *SOURCES)
            if not path.startswith("tests/") for number, word in lint_lines(read_lines(root, path), UNSAFE)]


def check_the_check():
    body = "\tcall();\n" * 70
    bad = {
        "long.c": f"static void f(void)\n{{\n{body}}}\n",
        "wide.h": "\t" * 17 + "x = 1234;\n" + "\n" * 800,
        "blank.py": "x = 1 \n",
        "words.md": "TO" "DO\n" + "see /wo" "rk/x\n",
        "calls.c": "\treturn sqlite3changeset_apply(connection);\n\treturn my_system(1) + system_of(2);\n",
    }
    with tempfile.TemporaryDirectory() as root:
        for path, text in bad.items():
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        found = [len(check_sizes(root)), len(check_blanks(root)), len(check_words(root, UNFINISHED, "unfinished")),
                 len(check_words(root, FOREIGN, "foreign")), len(check_calls(root))]
    return [] if found == [3, 1, 1, 1, 1] else [f"planted 3 sizes, 1 blank, 1 unfinished, 1 foreign, 1 unsafe call; found {found}"]


def main():
    root = sys.argv[1]
    return report([
        (f"no file over {MAX_FILE_LINES} lines, function over {MAX_FUNCTION_LINES}, line over {MAX_COLUMNS} columns",
         check_sizes(root)),
        ("no stray blanks, and tabs for indentation", check_blanks(root)),
        ("nothing is left unfinished", check_words(root, UNFINISHED, "unfinished")),
        ("no machine's paths, no author lines", check_words(root, FOREIGN, "does not belong here")),
        ("no call that outside bytes could misuse", check_calls(root)),
        ("a file, a line, a word and a call that break the limits are found", check_the_check()),
    ])


if __name__ == "__main__":
    sys.exit(main())
