"""Are server and devices equal? Twice: by the digests that the programs print, and by a walk over the rows in their files that shares no code
with them and believes none of their sums."""
import pathlib
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))

from truckroll_forms import KINDS  # noqa: E402

JOB = 7
TABLES = {number: name for name, number in KINDS.items()}
LOCAL = ("row", "home", "gseq", "author")  # columns that each side keeps for itself


def files_of(path):
    return [file for file in (path, path.with_name(path.name + "-wal")) if file.exists()]


def written(path):
    return [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files_of(path)]


class Files:
    """A copy of a database, read apart from its owner; taken anew when the owner wrote meanwhile, since halves of two states are none."""

    def __init__(self, path):
        self.folder = tempfile.mkdtemp(prefix="truckroll-look-")
        before = None
        while before != (now := written(path)):
            before = now
            for file in files_of(path):
                shutil.copy(file, f"{self.folder}/{file.name}")
        self.db = sqlite3.connect(f"{self.folder}/{path.name}")

    def __enter__(self):
        return self.db

    def __exit__(self, *_):
        self.db.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def record_tables(db):
    """Name -> columns that are synced."""
    tables = {}
    for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        columns = [row[1] for row in db.execute(f'PRAGMA table_info("{name}")')]
        if {"id", "home", "gseq", "hash"} <= set(columns):
            if name != "shadow":
                tables[name] = sorted(column for column in columns if column not in LOCAL)
    return tables


def rows_of(db, scopes):
    """(table, id) -> (home scope, values). A record and the outcome of the operation that made it have the same id."""
    rows = {}
    for table, columns in record_tables(db).items():
        for home, *values in db.execute(f'SELECT home, {", ".join(columns)} FROM "{table}"'):
            row = dict(zip(columns, values))
            rows[table, row["id"]] = (scopes.get(home), row)
    return rows


def holdings_of_server(server):
    with Files(server.dir / "organisation.db") as db:
        scopes = {number: (kind, identifier) for number, kind, identifier in db.execute("SELECT number, kind, id FROM scope")}
        links = {}
        for job, kind, identifier in db.execute("SELECT job, kind, id FROM link"):
            links.setdefault(scopes[job], set()).add((TABLES[kind], identifier))
        return rows_of(db, scopes), links


def differences(server, device, server_side=None):
    """Sentences, none when device and server hold the same."""
    server_rows, links = server_side or holdings_of_server(server)
    with Files(device.dir / "replica.db") as db:
        scopes = {number: (kind, identifier) for number, kind, identifier in db.execute("SELECT number, kind, id FROM scope_number")}
        held = {scopes[number] for number, in db.execute("SELECT number FROM scope")}
        shadows, = db.execute("SELECT count(*) FROM shadow").fetchone()
        device_rows = rows_of(db, scopes)
    wanted = {name for name, (home, _) in server_rows.items() if home in held}
    for scope in held:
        if scope[0] == JOB:
            wanted |= links.get(scope, set())
    found = []
    if len(held) < 4:
        found.append(f"{device.name} holds only {len(held)} scopes")
    if shadows:
        found.append(f"{device.name}: {shadows} rows lie under operations that are not settled")
    for table, identifier in sorted(wanted - device_rows.keys()):
        found.append(f"{device.name} misses {table} {identifier.hex()}")
    for table, identifier in sorted(device_rows.keys() - wanted):
        home, there = device_rows[table, identifier][0], server_rows.get((table, identifier))
        linking = [job for job, rows in links.items() if (table, identifier) in rows]
        found.append(f"{device.name} has {table} {identifier.hex()}, which is not for it: at home in {home} here, "
                     f"at the server {there and there[0]}, linked by {linking}; it holds {sorted(held)}")
    for table, identifier in sorted(wanted & device_rows.keys()):
        (_, ours), (_, theirs) = server_rows[table, identifier], device_rows[table, identifier]
        for column in ours:
            if ours[column] != theirs.get(column):
                found.append(f"{device.name}: {table} {identifier.hex()}: {column} is {theirs.get(column)!r}, at the server {ours[column]!r}")
    return found


def digest_differences(server, device):
    """The same by what the programs say, and how many scopes and rows were compared."""
    theirs = {(d["scope"], d["of"]): (d["rows"], d["sum"]) for d in server.run("status", "--digests")["digests"]}
    ours = {(d["scope"], d["of"]): (d["rows"], d["sum"]) for d in device.run("status", "--digests")["digests"]}
    found = [f"{device.name}: scope {scope[0]} {scope[1] or ''} has {count[0]} rows with sum {count[1]}, at the server {theirs.get(scope)}"
             for scope, count in ours.items() if theirs.get(scope) != count and count[0] > 0]
    return found, len(ours), sum(rows for rows, _ in ours.values())


def insist_on_counts(server):
    """What the status counts is what the log holds; looked at again when an agent sent something between the two looks."""
    for _ in range(20):
        with Files(server.dir / "organisation.db") as db:
            logged = db.execute("SELECT count(*), total(outcome = 2), total(outcome = 3), total(outcome = 4) FROM operation_log").fetchone()
        status = server.run("status")
        counted = tuple(status[name] for name in ("operations", "with_issue", "rejected", "parked"))
        if counted == logged or counted[0] == logged[0]:
            break
    assert counted == logged, f"status counts {counted}, the log holds {logged}"


def insist_on_equality(server, *devices):
    """Everything that was said is settled, and all hold the same."""
    side = holdings_of_server(server)
    insist_on_counts(server)
    for device in devices:
        pending = device.run("outbox")["operations"]
        assert pending == [], f"{device.name} still waits for {pending}"
        found = differences(server, device, side) + digest_differences(server, device)[0]
        assert not found, "\n".join(found[:20])
    server.verify()
