"""The programs' databases, handled behind their backs."""
import sqlite3

PAGE_SIZE = 4096


def fold(path):
    """Everything into the file itself, so that the damage cannot be hidden by the log beside it."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def change(device, *statements):
    """Rows of its replica; how many."""
    db = sqlite3.connect(device.dir / "replica.db")
    counts = [db.execute(statement).rowcount for statement in statements]
    db.commit()
    db.close()
    assert min(counts) > 0, f"nothing changed: {counts}"
    return sum(counts)


def damage_tables(path, *tables):
    """Fills the first page of each with noise; whoever has the file open notices when it reads there."""
    db = sqlite3.connect(path)
    roots = dict(db.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'").fetchall())
    db.close()
    with open(path, "r+b") as file:
        for table in tables:
            file.seek((roots[table] - 1) * PAGE_SIZE)
            file.write(b"\xab" * PAGE_SIZE)


def rows_counted(folder):
    """How many rows each table of each database has."""
    counts = {}
    for path in sorted(folder.glob("*.db")):
        db = sqlite3.connect(path)
        for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'").fetchall():
            counts[path.name, name], = db.execute(f'SELECT count(*) FROM "{name}"').fetchone()
        db.close()
    return counts
