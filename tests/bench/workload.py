"""The public sync workload (data/sync_bench) as files for both programs and for plain SQLite."""
import csv
import datetime
import json
import os
import random
import subprocess
import sys

STATES = ("new scheduled dispatched en_route on_site in_progress waiting_parts completed closed cancelled").split()
COLUMNS = "site asset title description state priority due_at_ms technician updated_at_ms".split()
SOURCE = ("site_id", "asset_id", "title", "description", "state", "priority", "due_at", "technician", "updated_at")


def data_folder():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    folder = os.path.join(os.environ.get("TRUCKROLL_DATA", os.path.join(os.path.dirname(root), "shared", "data")), "sync_bench")
    if not os.path.exists(os.path.join(folder, "records.jsonl.zst")):
        sys.exit(f"bench: there is no workload at {folder}; set TRUCKROLL_DATA to the folder that holds sync_bench")
    return folder


def unpack(name):
    done = subprocess.run(["zstd", "-dcq", os.path.join(data_folder(), name)], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def to_ms(text):
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp() * 1000)


def write_records(folder, count):
    """records.csv for the server's import and records.tsv for plain SQLite, in the order of the source."""
    ids = []
    with open(os.path.join(folder, "records.csv"), "w", newline="", encoding="utf-8") as general, \
            open(os.path.join(folder, "records.tsv"), "w", encoding="utf-8") as plain:
        writer = csv.writer(general)
        writer.writerow(["record=bench_order", "key"] + COLUMNS)
        for line in unpack("records.jsonl.zst")[:count]:
            record = json.loads(line)
            key = record["id"].replace("-", "")
            ids.append(key)
            writer.writerow(["", key] + [record[name] for name in SOURCE])
            cells = [to_ms(record[name]) if name in ("due_at", "updated_at") else record[name] for name in SOURCE]
            plain.write("\t".join(map(str, [key] + cells)) + "\n")
    return ids


def write_edits(folder, ids):
    """edits.tsv: id, state, technician, updated_at_ms; shuffled, since the source's regular stride would make ids cheap."""
    edits = [line.split("\t") for line in unpack("edits.tsv.zst")]
    known = set(ids)
    edits = [edit for edit in edits if edit[0] in known]
    random.Random(1).shuffle(edits)
    with open(os.path.join(folder, "edits.tsv"), "w", encoding="utf-8") as file:
        for key, state, technician, updated in edits:
            file.write(f"{key}\t{STATES[int(state)]}\tT-{int(technician):04d}\t{updated}\n")
    return len(edits)
