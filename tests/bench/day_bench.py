"""What the templated workload does not show: W2b, whole visits through the real handlers, and first syncs of whole work orders and of real texts."""
import csv
import os
import random

from fleet import write_csv
from programs import Server, copy_tree, run, run_json
from sync_bench import median, say
from workload import data_folder

OPERATIONS = 9  # of a visit: accept, travel, arrive, twice a part, three answers, finish
TASKS = (("confirm", "Safe to work: isolated and tagged"), ("yes_no", "Looks sound, no leaks"), ("confirm", "Site left clean"))
REAL = {"excavator": ("assets.csv", "work_orders_excavator.csv"), "aviation": ("work_orders_aviation.csv",)}


def real_file(name):
    return os.path.join(os.path.dirname(data_folder()), name)


def real_texts(count):
    """What was wrong and what was done, of a logbook, in an order of chance."""
    with open(real_file("work_orders_aviation.csv"), newline="", encoding="utf-8") as file:
        texts = [(row["problem"] or "No finding", row["action"] or "Inspected") for row in csv.DictReader(file)]
    random.Random(2).shuffle(texts)
    return [texts[i % len(texts)] for i in range(count)]


def order_number(i):
    return f"W-{i:05d}"


def make_office(bench, folder, texts):
    """One technician with a van, and an order of three tasks for each text."""
    files = folder + ".csv"
    os.makedirs(files, exist_ok=True)

    def table(name, head, rows):
        return write_csv(os.path.join(files, name), head, rows)

    run(bench.programs.server, "init", folder, "--name", "Harbour & Hill Service")
    run(bench.programs.server, "import", "--apply", "--dir", folder,
        table("territories.csv", ["record=territory", "key", "name"], [["", "t", "North"]]),
        table("locations.csv", ["record=stock_location", "key", "name", "kind", "territory_id"], [["", "van", "Van 1", "van", "t"]]),
        table("technicians.csv", ["record=technician", "key", "name", "territory_id", "van_location_id"], [["", "u", "Ada North", "t", "van"]]),
        table("parts.csv", ["record=part", "key", "number", "description", "unit"], (["", f"p{i}", f"P-{i:04d}", f"Part {i}", "pc"] for i in range(50))),
        table("stock.csv", ["record=movement", "key", "type", "part_id", "quantity", "from_location_id", "to_location_id", "territory_id", "at_ms"],
              (["", f"m{i}", "receipt", f"p{i}", 100000, "vendor", "van", "t", "2026-01-05T06:00"] for i in range(50))),
        table("accounts.csv", ["record=account", "key", "name", "kind", "territory_id"], (["", f"a{i}", f"Account {i}", "customer", "t"] for i in range(40))),
        table("sites.csv", ["record=site", "key", "account_id", "territory_id", "name", "address"],
              (["", f"s{i}", f"a{i % 40}", "t", f"Site {i}", f"{i} Quay Street"] for i in range(200))),
        table("assets.csv", ["record=asset", "key", "site_id", "territory_id", "name", "model", "serial"],
              (["", f"x{i}", f"s{i % 200}", "t", f"Pump {i}", f"Rotaflow {i % 9}", f"PU{i * 7919:07d}"] for i in range(400))),
        table("orders.csv", ["record=work_order", "key", "number", "territory_id", "account_id", "site_id", "asset_id", "title", "released"],
              (["", f"w{i}", order_number(i), "t", f"a{i % 40}", f"s{i % 200}", f"x{i % 400}", problem[:100], "true"] for i, (problem, _) in enumerate(texts))),
        table("tasks.csv", ["record=task", "key", "work_order_id", "territory_id", "position", "kind", "title", "mandatory"],
              (["", f"k{i}-{k}", f"w{i}", "t", k + 1, kind, title, "true"] for i in range(len(texts)) for k, (kind, title) in enumerate(TASKS))))


def rows_of(bench, server, kind):
    return run_json(bench.programs.server, "list", kind, "--limit", "1000000", "--dir", server.folder, "--json")["records"]


def book(server, number):
    """The id of a visit for the order of that number."""
    return server.ask("visit", "book", number, "Ada North", "--dispatch")["visit"]


def write_visits(bench, server, texts, path):
    """A line for each booked visit: its id, three tasks, two parts, the van, what was done."""
    orders = {order["number"]: order["id"] for order in rows_of(bench, server, "work_order")}
    tasks = {}
    for task in rows_of(bench, server, "task"):
        tasks.setdefault(task["work_order_id"], []).append(task["id"])
    parts = [part["id"] for part in rows_of(bench, server, "part")]
    van, dice = rows_of(bench, server, "stock_location")[0]["id"], random.Random(3)
    with open(path, "w", encoding="utf-8") as file:
        for i, (_, action) in enumerate(texts):
            number = order_number(i)
            file.write("\t".join([book(server, number), *tasks[orders[number]], *dice.sample(parts, 2), van, " ".join(action.split())[:500]]) + "\n")


def whole_visits(bench):
    count = 200 if bench.quick else 2000
    say(f"W2b: booking {count} visits")
    texts = real_texts(count)
    make_office(bench, bench.path("server.day"), texts)
    with Server(bench.programs, bench.path("server.day")) as server:
        server.enroll(bench.path("device.day"), options=())
        write_visits(bench, server, texts, bench.path("visits.tsv"))
        first = bench.sync(server, "device.day")
        port = server.port
    run(bench.programs.helper, "visits", bench.path("device.day"), bench.path("device.day.keys"), bench.path("visits.tsv"))
    pushed = []
    for i in range(bench.runs):
        say(f"W2b: run {i + 1} of {bench.runs}")
        for name, copy in (("server.day", "server.day.push"), ("device.day", "device.day.push"), ("device.day.keys", "device.day.push.keys")):
            copy_tree(bench.path(name), bench.path(copy))
        with Server(bench.programs, bench.path("server.day.push"), port) as server:
            pushed.append(bench.sync(server, "device.day.push"))
        run(bench.programs.server, "verify", "--dir", bench.path("server.day.push"))
    bench.add("W2b", "truckroll", variant="first sync", records=count, seconds=first["seconds"], bytes_per_item=first["bytes"] / count,
              cpu_server_s=first["cpu_server_s"], runs=1, note="bytes a visit with all that belongs to it")
    seconds = median([result["seconds"] for result in pushed])
    bench.add("W2b", "truckroll", records=count * OPERATIONS, seconds=seconds, per_s=count * OPERATIONS / seconds,
              bytes_per_item=median([result["bytes"] for result in pushed]) / count / OPERATIONS,
              rss_device_mb=max(result["rss_mb"] for result in pushed), rss_server_mb=max(result["rss_server_mb"] for result in pushed),
              cpu_device_s=median([result["cpu_s"] for result in pushed]), cpu_server_s=median([result["cpu_server_s"] for result in pushed]),
              runs=len(pushed), rounds=pushed[-1]["rounds"], note=f"{OPERATIONS} operations a visit")


def many_orders(bench):
    """A device takes in everything that belongs to 10,000 work orders, a fifth of them with a visit of its technician: booking takes a program each."""
    count = 1000 if bench.quick else 10000
    say(f"orders: booking {count // 5} visits")
    make_office(bench, bench.path("server.orders"), real_texts(count))
    with Server(bench.programs, bench.path("server.orders")) as server:
        for i in range(0, count, 5):
            book(server, order_number(i))
        for variant, name in (("first", "device.orders"), ("next", "device.orders.next")):
            server.enroll(bench.path(name), options=())
            result = bench.sync(server, name)
            bench.add("orders", "truckroll", variant=variant, records=count, seconds=result["seconds"], per_s=count / result["seconds"],
                      bytes_per_item=result["bytes"] / count, rss_device_mb=result["rss_mb"], rss_server_mb=result["rss_server_mb"],
                      cpu_device_s=result["cpu_s"], cpu_server_s=result["cpu_server_s"], runs=1,
                      note=f"bytes a work order with {len(TASKS)} tasks; every fifth has a visit")


def real_first_syncs(bench):
    """Bytes of a row of real work orders; who may not have these files skips them."""
    for name, files in REAL.items():
        missing = [file for file in files if not os.path.exists(real_file(file))]
        if missing:
            say(f"W1-real ({name}): skipped, {missing[0]} is not there")
            continue
        say(f"W1-real ({name})")
        folder = bench.path(f"server.{name}")
        run(bench.programs.server, "init", folder, "--name", "Harbour & Hill Service")
        for words in (["territory", "name=North"], ["technician", "name=Ada North", "territory_id=North"]):
            run(bench.programs.server, "create", *words, "--dir", folder)
        run(bench.programs.server, "import", "--apply", "--territory", "North", "--dir", folder, *map(real_file, files))
        with Server(bench.programs, folder) as server:
            server.enroll(bench.path(f"device.{name}"), options=())
            result = bench.sync(server, f"device.{name}")
            orders = len(rows_of(bench, server, "work_order"))
        texts = sum(os.path.getsize(real_file(file)) for file in files)
        bench.add("W1", "truckroll", variant=name, records=orders, seconds=result["seconds"], bytes_per_item=result["bytes"] / orders, runs=1,
                  note=f"real work orders; {texts / orders:.0f} bytes each in their files")


def measure(bench, only):
    for case, run_case in (("W2b", whole_visits), ("orders", many_orders), ("real", real_first_syncs)):
        if not only or case in only:
            run_case(bench)
