"""Every member of a described struct has exactly one row in a field table, and every row in a table has a member. What is kept of fields
that are not known (`extra`) is no field."""
import re
import sys

from tree import read_lines, report, source_files

STRUCT = re.compile(r"^struct (\w+) \{")
MEMBER = re.compile(r"^\t(?:const )?(?:struct |enum )?\w+ \**(\w+);")
ROW = re.compile(r"\b(?:FIELD_OF|TIME_OF|CHOICE_OF)\((\w+), (\w+)[,)]")


def struct_members(root, paths):
    """{struct: (path, [members])} of the structs that begin with an id, as every described struct does."""
    structs = {}
    for path in paths:
        name = None
        for line in read_lines(root, path):
            begin = STRUCT.match(line)
            if begin:
                name, members = begin.group(1), []
            elif name and line.startswith("}"):
                if name not in structs or path.startswith("protocol/domain/"):  # elsewhere the name is local
                    structs[name] = (path, members)
                name = None
            elif name:
                members += MEMBER.findall(line)
    return structs


def described_rows(root, paths):
    """{struct: {members of one table}...} as a list of (path, struct, members), one for each table."""
    tables = []
    for path in paths:
        inside = None
        for line in read_lines(root, path):
            if re.match(r"^(static )?const struct field \w+\[\]", line):
                inside = {}
            elif inside is not None and line.startswith("}"):
                tables += [(path, struct, members) for struct, members in inside.items()]
                inside = None
            elif inside is not None:
                for struct, member in ROW.findall(line):
                    inside.setdefault(struct, []).append(member)
    return tables


def main(root):
    structs = struct_members(root, source_files(root, ".h", ".c"))
    tables = described_rows(root, [p for p in source_files(root, ".c") if not p.startswith("tests/")])
    forgotten, doubled, undescribed = [], [], []
    for path, struct, rows in tables:
        where, members = structs.get(struct, (path, []))
        forgotten += [f"{path}: {struct}.{member} has no row" for member in members if member not in rows + ["extra"]]
        doubled += [f"{path}: {struct}.{member} has several rows" for member in sorted(set(rows)) if rows.count(member) > 1]
        if not members:
            forgotten.append(f"{path}: the members of {struct} were not found")
    described = {struct for _, struct, _ in tables}
    for struct, (path, members) in structs.items():
        if path.startswith("protocol/domain/") and members[:1] == ["id"] and struct not in described | {"overlay_row", "scope"}:
            undescribed.append(f"{path}: struct {struct} has no field table")
    if not tables:
        forgotten.append("no field table was found at all")
    return report([
        ("every member of a described struct has a row", forgotten),
        ("no member has two rows in one table", doubled),
        ("every record has a field table", undescribed),
    ])


sys.exit(main(sys.argv[1]))
