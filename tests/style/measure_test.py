"""Measures the house style: functions, files, and names that no table knows.  usage: measure_test.py ROOT

The figures are printed as diagnostics, whether or not a limit is broken."""
import os
import re
import sys
import tempfile

from tree import read_lines, report, source_files

PRODUCT = ("protocol/", "db/", "shell/", "thumbnail/", "server/", "device_agent/")
MEDIAN_MAX, FUNCTION_MAX, PARAMETERS_MAX, NESTING_MAX, FILE_MAX = 15, 70, 6, 4, 800
HEAD = re.compile(r"^[a-z][^;={}]*?\**(\w+)\(", re.S)
ENUM = re.compile(r"^enum (?:\[\[nodiscard\]\] )?(\w+) \{(.*?)^\};", re.S | re.M)
CONSTANT = re.compile(r"^\t([A-Z][A-Z0-9_]+)(?:\s*=\s*[^,]+)?,?", re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
# Numbers that stand for no choice: how many there are, none of them, where a range of others begins.
NO_NAME = re.compile(r"_(COUNT|NONE|MAX|END)$|^RECORD_(OPERATION_HEAD|ARGUMENTS)$")
# Fixed on the wire before anything decides by them: carriers that are charged by the byte, and files carried by hand.
RESERVED = {"CARRIER_METERED", "CARRIER_BUNDLE"}
# A callback and its context are one thing.
CONTEXT = re.compile(r",\s*void \*context(?=[,)])")


def plain(text):
    """The source without comments and without what stands in quotes; lines stay where they are."""
    text = COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return QUOTED.sub(lambda match: '""' if match[0][0] == '"' else "' '", text)


def deepest(body):
    """Blocks, or what an if or a loop is about without braces, inside each other; the function's own counts for none."""
    return max((len(line) - len(line.lstrip("\t")) - 1 for line in body if re.match(r"\t+(if|for|while|do|switch|else)\b", line)), default=0) + \
        any(re.match(r"\t+(if|for|while|do|switch|else)\b", line) for line in body)


def count_parameters(head):
    head = CONTEXT.sub("", head)
    inside = head[head.index("(") + 1:head.rindex(")")]
    depth, commas = 0, 0
    for character in inside:
        depth += character in "([" and 1 or character in ")]" and -1
        commas += character == "," and depth == 0
    return 0 if inside.strip() in ("", "void") else commas + 1


def functions(root, path):
    """(name, line, length, parameters, nesting) of each function; bodies open and close in column 0."""
    lines = plain("\n".join(read_lines(root, path))).split("\n")
    for opened, line in enumerate(lines):
        if line != "{":
            continue
        first = opened - 1
        while first > 0 and lines[first - 1].strip() and not lines[first - 1].startswith(("}", "#")) and not lines[first - 1].rstrip().endswith(";"):
            first -= 1
        head = " ".join(lines[first:opened])
        match = HEAD.match(head.strip())
        if not match:
            continue
        closed = next(number for number in range(opened, len(lines)) if lines[number].startswith("}"))
        yield match[1], opened + 1, closed - opened, count_parameters(head.strip()[match.end() - 1:]), deepest(lines[opened:closed])


def figures(sizes):
    sizes = sorted(sizes)
    return f"median {sizes[len(sizes) // 2]}, 95 % up to {sizes[len(sizes) * 95 // 100]}, longest {sizes[-1]}"


# Called back by a library, which says what they take: name -> which.
CALLED_BACK = {"handle": "libmicrohttpd, MHD_AccessHandlerCallback"}


def check_functions(root, paths):
    """The figures as a line, and what breaks a limit."""
    found = [(path, *function) for path in paths for function in functions(root, path)]
    complaints = []
    for path, name, line, length, parameters, nesting in found:
        for what, value, most in (("lines", length, FUNCTION_MAX), ("parameters", parameters, PARAMETERS_MAX), ("levels", nesting, NESTING_MAX)):
            if value > most and not (what == "parameters" and name in CALLED_BACK):
                complaints.append(f"{path}:{line}: {name}: {value} {what}, at most {most}")
    sizes = [function[3] for function in found]
    if sizes and sorted(sizes)[len(sizes) // 2] > MEDIAN_MAX:
        complaints.append(f"the median function has {sorted(sizes)[len(sizes) // 2]} lines, at most {MEDIAN_MAX}")
    if not sizes:
        return "no functions", ["no function was found at all"]
    return (f"{len(sizes)} functions: {figures(sizes)} lines; most parameters {max(function[4] for function in found)}, "
            f"deepest nesting {max(function[5] for function in found)}"), complaints


def check_files(root, paths):
    sizes = {path: len(read_lines(root, path)) - 1 for path in paths}
    return (f"{len(sizes)} files: {figures(sizes.values())} lines",
            [f"{path}: {size} lines, at most {FILE_MAX}" for path, size in sizes.items() if size > FILE_MAX])


def constants(root, paths):
    """(path, enum, constant) of every enum of a header."""
    for path in paths:
        for name, body in ENUM.findall(COMMENT.sub("", "\n".join(read_lines(root, path)))):
            for constant in CONSTANT.findall(body):
                yield path, name, constant


def check_constants(root, headers, sources):
    """Every number that has a meaning stands in a row of a table or is one of the cases of a switch; one that nothing tells apart is
    another's in disguise, or forgotten."""
    told = set()
    for path in sources:
        told |= set(re.findall(r"(?:\{|\[|\bcase|\breturn|,|==|!=|=|\?|:|\() *([A-Z][A-Z0-9_]+)\b", plain("\n".join(read_lines(root, path)))))
    return [f"{path}: {constant} of enum {name} is in no table and decides nothing" for path, name, constant in constants(root, headers)
            if constant not in told | RESERVED and not NO_NAME.search(constant)]


def check_names(root):
    """Choices of a domain enum whose names stand in a table are all in it."""
    complaints = []
    domain = [path for path in source_files(root, ".c") if path.startswith("protocol/domain/")]
    tables = {}
    for path in domain:
        for table, rows in re.findall(r"^const struct choice (\w+)_names\[\] = \{(.*?)^\};", "\n".join(read_lines(root, path)), re.S | re.M):
            tables[table] = set(re.findall(r"\{ ([A-Z][A-Z0-9_]+),", rows))
    headers = [path for path in source_files(root, ".h") if path.startswith("protocol/domain/")]
    for path, name, constant in constants(root, headers):
        if name in tables and constant not in tables[name] and not NO_NAME.search(constant):
            complaints.append(f"{path}: {constant} of enum {name} has no name")
    if not tables:
        complaints.append("no table of names was found at all")
    return complaints


def commands_of(root, path):
    """{name: row} of the table of commands."""
    text = "\n".join(read_lines(root, path))
    table = re.search(r"^(?:static )?const struct command \w+\[\] = \{(.*?)^\};", text, re.S | re.M)
    rows = re.split(r"\n\t\{ ", table[1]) if table else []
    return {re.search(r'\.name = "([^"]+)"', row)[1]: row for row in rows if ".name" in row}


def check_commands(root):
    complaints = []
    for path, page in (("device_agent/commands.c", "docs/truckroll.1"), ("server/commands.c", "docs/truckrolld.8")):
        commands = commands_of(root, path)
        told = "\n".join(read_lines(root, page))
        for name, row in commands.items():
            for part in ("summary", "example", "group", "run"):
                if f".{part} = " not in row:
                    complaints.append(f"{path}: {name} has no {part}")
            if not re.search(rf"^\.It Ic {re.escape(name)}(?: |$)", told, re.M) and f"Ic {name}" not in told:
                complaints.append(f"{page}: nothing about {name}")
        if len(commands) < 10:
            complaints.append(f"{path}: only {len(commands)} commands were found")
    return complaints


def check_statuses(root):
    """Every status has an exit code and words in both languages."""
    rows = dict(re.findall(r'\[(STATUS_\w+)\]\s*= \{ \w+,\s*"([^"]+)" \}', "\n".join(read_lines(root, "shell/exit_code.c"))))
    words = {language: "\n".join(read_lines(root, f"shell/catalogue_{language}.c")) for language in ("en", "zh")}
    complaints = []
    for _, _, status in constants(root, ["protocol/base/status.h"]):
        if status not in rows:
            complaints.append(f"shell/exit_code.c: {status} has no exit code")
            continue
        complaints += [f"shell/catalogue_{language}.c: nothing for {rows[status]}" for language, text in words.items() if f'"{rows[status]}"' not in text]
    return complaints


def check_decisions(root):
    """A decision has a number of its own, says it in its heading, and is in the list."""
    folder = os.path.join(root, "docs/decisions")
    names = sorted(name for name in os.listdir(folder) if re.match(r"\d{4}-", name))
    listed = "\n".join(read_lines(root, "docs/decisions/README.md"))
    complaints = [f"docs/decisions/{name}: its number is another's, too" for name in names
        if sum(other[:4] == name[:4] for other in names) > 1]
    for name in names:
        if not read_lines(root, "docs/decisions/" + name)[0].startswith(f"# {name[:4]}: "):
            complaints.append(f"docs/decisions/{name}: its heading does not begin with its number")
        if f"]({name})" not in listed:
            complaints.append(f"docs/decisions/README.md: lacks {name}")
    return complaints


def check_the_check():
    """Planted: a long function, one of seven parameters, one nested five deep; a choice without a name."""
    text = "static void long_one(void)\n{\n" + "\tcall();\n" * 71 + "}\n\n"
    text += "static int many(int a, int b, int c,\n\tint d, int e, int (*f)(int, int), int g)\n{\n\treturn 0;\n}\n\n"
    text += "static void deep(void)\n{\n" + "".join("\t" * depth + "if (x) {\n" for depth in range(1, 6)) + \
        "".join("\t" * depth + "}\n" for depth in range(5, 0, -1)) + "}\n"
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "protocol", "domain"))
        files = {"protocol/domain/x.c": text + 'const struct choice colour_names[] = {\n\t{ COLOUR_RED, "red" },\n};\n',
                 "protocol/domain/x.h": "enum colour {\n\tCOLOUR_RED,\n\tCOLOUR_BLUE, /* sky */\n\tCOLOUR_COUNT,\n};\n"}
        for path, content in files.items():
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(content)
        found = [len(check_functions(root, ["protocol/domain/x.c"])[1]), len(check_names(root)),
                 len(check_constants(root, ["protocol/domain/x.h"], ["protocol/domain/x.c"]))]
    return [] if found == [3, 1, 1] else [f"planted 3 functions, 1 name, 1 constant; found {found}"]


def main():
    root = sys.argv[1]
    sources, headers = source_files(root, ".c"), source_files(root, ".h")
    product = [path for path in sources if path.startswith(PRODUCT)]
    product_headers = [path for path in headers if path.startswith(PRODUCT)]
    tests = [path for path in sources if path.startswith("tests/")]
    promises = []
    for what, paths in (("the product", product), ("the tests", tests)):
        line, complaints = check_functions(root, paths)
        files_line, files_complaints = check_files(root, paths)
        print(f"# {what}: {line}\n# {what}: {files_line}")
        promises.append((f"the functions and files of {what} keep the limits", complaints + files_complaints))
    promises += [
        ("every choice of a record has a name", check_names(root)),
        ("every number with a name is in a table or decides something", check_constants(root, product_headers, product)),
        ("every command has a summary, an example, a group and an entry in its manual", check_commands(root)),
        ("every status has an exit code and words in both languages", check_statuses(root)),
        ("every decision has a number of its own and is listed", check_decisions(root)),
        ("what breaks a limit is found", check_the_check()),
    ]
    return report(promises)


if __name__ == "__main__":
    sys.exit(main())
