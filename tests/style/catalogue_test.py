"""The catalogue has Chinese for every label and sentence of the commands, and nothing that no source says.

Labels and sentences keep their English where they are said, so the sources are what is compared with the tables. The words of the
tables of commands have a test of their own: tests/unit/shell/chinese.c.
"""
import ast
import re
import sys

from tree import read_lines, report, source_files

FOLDERS = ("shell/", "server/", "device_agent/")
TABLES = ("shell/catalogue_zh.c", "shell/catalogue_zh_labels.c", "shell/catalogue_zh_help.c", "shell/catalogue_zh_lines.c", "shell/catalogue_zh_why.c")
REASONS = "shell/catalogue_zh_reasons.c"
# What these find wrong is for who repairs the program or its files, not for who gave a command.
INNER = re.compile(r"(store|control_message|control|control_call|enrolment_desk|server_keys)\w*\.c$")
STORED = ("protocol/wire/", "protocol/sync/")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|/\*.*?\*/|//[^\n]*|\'(?:[^\'\\]|\\.)*\'|\w+|\s+|.', re.S)
CONVERSION = re.compile(r"%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j|t)?[a-zA-Z%]")
SAID = {"output_line": 1, "output_warning": 1, "catalogue_format": 2, "catalogue_translate": 1, "say": 1, "told": 1}
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
PLAIN = re.compile(r"[A-Za-z]{2}")


def tokens(root, path):
    found = TOKEN.findall("\n".join(read_lines(root, path)))
    return [token for token in found if not token.isspace() and not token.startswith(("/*", "//"))]


def literal(argument):
    """The text of string literals that stand together, else None."""
    if not argument or any(not token.startswith('"') for token in argument):
        return None
    return "".join(ast.literal_eval(token) for token in argument)


def literals(words):
    """All texts of a file, with those that stand together joined."""
    found, run = [], []
    for token in words + [";"]:
        if token.startswith('"'):
            run.append(token)
        elif run:
            found.append(literal(run))
            run = []
    return found


def calls(words, name):
    """The arguments of all calls of a function, as lists of tokens."""
    for start in range(len(words) - 1):
        if words[start] != name or words[start + 1] != "(":
            continue
        arguments, depth = [[]], 0
        for token in words[start + 1:]:
            if token in "([{" and (depth := depth + 1) == 1:
                continue
            if token in ")]}" and (depth := depth - 1) == 0:
                break
            if token == "," and depth == 1:
                arguments.append([])
            else:
                arguments[-1].append(token)
        yield arguments


def columns(words):
    """(name, title or None) of the rows of tables of columns that people see, and of output_value()."""
    text = " ".join(words)
    for name, title in re.findall(rf"\{{ ({STRING.pattern}) , (NULL|{STRING.pattern}) , false \}}", text):
        yield literal([name]), literal([title])
    for arguments in calls(words, "output_value"):
        if len(arguments) > 2 and literal(arguments[1]) is not None:
            yield literal(arguments[1]), literal(arguments[2])


def table(root, path):
    """The entries of a table of the catalogue, as (key, sentence)."""
    text = " ".join(tokens(root, path))
    return [(literal(STRING.findall(key)), literal(STRING.findall(sentence)))
            for key, sentence in re.findall(rf"\{{ ((?:{STRING.pattern} ?)+), ((?:{STRING.pattern} ?)+)\}} ,", text)]


def find_missing(path, words, chinese):
    for name, at in SAID.items():
        for arguments in calls(words, name):
            text = literal(arguments[at]) if len(arguments) > at else None
            if text is not None and PLAIN.search(CONVERSION.sub("", text)) and text not in chinese:
                yield f"{path}: {text!r}"
    for name, title in columns(words):
        if title is None and f"column.{name}" not in chinese:
            yield f"{path}: column.{name}"
        elif title is not None and PLAIN.search(title) and title not in chinese:
            yield f"{path}: {title!r}"


def reasons_of(words):
    for arguments in calls(words, "fail"):
        text = literal(arguments[1]) if len(arguments) > 1 else None
        if text is not None and PLAIN.search(CONVERSION.sub("", text)):
            yield text


def check_reasons(root, chinese):
    """(reasons without Chinese, entries that no fail() has, entries of reasons that may be stored)."""
    missing, born, stored = [], set(), set()
    for path in source_files(root, ".c"):
        if path.startswith("tests/"):
            continue
        reasons = list(reasons_of(tokens(root, path)))
        (stored if path.startswith(STORED) else born).update(reasons)
        if path.startswith((*FOLDERS, "protocol/domain/")) and not INNER.search(path):
            missing += [f"{path}: {reason!r}" for reason in reasons if reason not in chinese]
    return missing, [repr(key) for key in chinese if key not in born], [repr(key) for key in chinese if key in stored]


def twice(entries):
    keys = [key for key, _ in entries]
    return [repr(key) for key in sorted(set(keys)) if keys.count(key) > 1]


def is_said(key, said, names):
    """An English text that stands in the sources, or a prefix with names that stand there."""
    return key in said or (" " not in key.split(".")[0] and "." in key and all(part in names for part in key.split(".")[1:]))


def main(root):
    paths = [path for path in source_files(root, ".c") if path.startswith(FOLDERS) and not path.startswith("shell/catalogue_")]
    entries = [entry for path in TABLES for entry in table(root, path)]
    chinese = dict(entries)
    missing, said, names = [], set(), {""}
    for path in paths + [path for path in source_files(root, ".c") if path.startswith(("protocol/domain/", "protocol/sync/incident"))]:
        words = tokens(root, path)
        names.update(words, literals(words))
        if path in paths:
            said.update(literals(words))
            missing += find_missing(path, words, chinese)
    reasons = table(root, REASONS)
    voiceless, unborn, stored = check_reasons(root, dict(reasons))
    unlike = [key for key, sentence in entries + reasons if CONVERSION.findall(key) != CONVERSION.findall(sentence)]
    if len(paths) < 50 or len(entries) < 500:
        missing.append("the sources or the tables were not found")
    return report([
        ("every reason that a command gives has Chinese", voiceless),
        ("no reason in the catalogue is given nowhere", unborn),
        ("no reason that may be stored or sent is translated", stored),
        ("no key stands twice", twice(entries) + twice(reasons)),
        ("every label and sentence of a command has Chinese", sorted(set(missing))),
        ("the catalogue has nothing that is not said", [repr(key) for key, _ in entries if not is_said(key, said, names)]),
        ("a Chinese format has the conversions of the English one in their order", [repr(key) for key in unlike]),
    ])


sys.exit(main(sys.argv[1]))
