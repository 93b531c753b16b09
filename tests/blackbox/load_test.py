#!/usr/bin/env python3
"""The devices of ./bench load are what they claim to be: cores that sync with a server that runs."""
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import fleet  # noqa: E402
import programs  # noqa: E402
import tap  # noqa: E402
from harness import BUILD, Server, World  # noqa: E402
from tap import promise, size, tell  # noqa: E402


def logged(server, devices):
    """How many operations of each device the server has, by its chain."""
    db = sqlite3.connect(f"file:{server.dir}/organisation.db?mode=ro", uri=True)
    rows = db.execute("SELECT hex(chain.device), count(*), count(DISTINCT log.seq), max(log.seq) FROM operation_log AS log "
                      "JOIN chain ON chain.number = log.chain GROUP BY chain.device").fetchall()
    db.close()
    return {device.lower(): counts for device, *counts in rows if device.lower() in devices}


@promise
def every_edit_of_every_device_arrives_exactly_once():
    count, edits = size(5, 20, 100), 30
    with World() as world:
        built = programs.Programs(str(BUILD))
        server = Server(world)
        fleet.make_organisation(built, str(server.dir), 4, 4, edits)

        def start():
            server.start()
            return server.port

        with fleet.Fleet.enlisted(built, str(server.dir), count, start) as devices:
            devices.ask("go")
            devices.reach("synced", 120)
            devices.ask("leave")
            devices.ask("edit", edits)
            devices.ask("go")
            first = devices.reach("synced", 120)
            devices.ask("edit", edits)  # on line, and cut off in the middle
            devices.ask("idle", 0)
            devices.ask("leave")
            devices.ask("go")
            devices.reach("synced", 120)
        ids = {line.split()[0] for line in (world.dir / "org.fleet").read_text().splitlines()[1:]}
        found = logged(server, ids)
        tell(f"{count} devices: {first['bytes']} bytes for {count * edits} edits in one go")
        assert found == {device: [2 * edits] * 3 for device in ids}, found
        server.verify()


if __name__ == "__main__":
    tap.main()
