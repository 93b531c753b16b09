#!/usr/bin/env python3
"""Taking records in from files."""
import csv
import gzip
import shutil

import tap
from harness import CANNOT_WRITE, DONE, EXAMPLE, SANITIZED, USAGE, Server, World, end, real_data
from signal import SIGKILL
from tap import Skip, promise, until

# What the real files hold, counted by hand from the files themselves: rows without the header.
REAL = ("assets.csv", "parts_catalogue.csv", "work_orders_excavator.csv", "work_orders_aviation.csv", "part_replacements.csv",
        "failure_events.csv", "service_requests_311.csv", "troubleshooting_en.csv", "kb_articles_en.jsonl.gz", "kb_articles_zh.jsonl.gz")


def state_of(server):
    """Everything that an import could change."""
    status = server.run("status", "--digests")
    return status["commit"], status["operations"], status["digests"]


def malformed(world, server, name, text, line, column):
    path = world.dir / name
    path.write_text(text)
    good = world.dir / "good.csv"
    good.write_text("record=territory,key,name\n,extra,Extra\n")
    before = state_of(server)
    answer = server.ask("import", "--apply", path, expect=USAGE)
    assert f"{name}:{line}" in answer.err + answer.out, f"line {line} is not named:\n{answer}"
    if column:
        assert column in answer.err + answer.out, f"column {column} is not named:\n{answer}"
    assert state_of(server) == before, "something of the malformed file was taken in"


@promise
def a_malformed_file_is_refused_with_line_and_column_and_nothing_of_it_is_taken_in():
    with World() as world:
        server = Server.made(world)
        head = "record=part,key,number,description,unit,type,assembly\n"
        malformed(world, server, "short.csv", head + ",P-1,P-1,Ring,set,boiler,Boiler\n,P-2,P-2\n", 3, "")
        malformed(world, server, "field.csv", "record=part,key,number,colour\n,P-1,P-1,red\n", 1, "colour")
        malformed(world, server, "quote.csv", head + ',P-1,P-1,"Ring,set,boiler,Boiler\n', 2, "")
        malformed(world, server, "time.csv", "record=asset,key,site_id,territory_id,name,installed_at_ms\n"
                  ",A-1,s-north-01,north,Pump,2020-01-01\n,A-2,s-north-01,north,Pump,someday\n", 3, "installed_at_ms")
        malformed(world, server, "choice.csv", "record=asset,key,site_id,territory_id,name,status\n,A-1,s-north-01,north,Pump,sleepy\n", 2, "status")
        malformed(world, server, "articles.jsonl", '{"id":"1","lang":"en","title":"a","device":"b","steps":["c"]}\n{"id":"2","lang":\n', 2, "")


@promise
def a_file_of_unknown_columns_is_refused_with_a_sentence():
    with World() as world:
        server = Server.made(world)
        path = world.dir / "strange.csv"
        path.write_text("some,other,columns\n1,2,3\n")
        answer = server.ask("import", "--apply", path, expect=USAGE)
        assert "strange.csv" in answer.reason, str(answer)


@promise
def importing_twice_changes_nothing():
    with World() as world:
        server = Server.made(world)
        before = state_of(server)
        for report in server.run("import", "--apply", *EXAMPLE)["files"]:
            assert report["created"] == 0 and report["kept"] == 0, report
            assert report["unchanged"] == report["records"], report
        assert state_of(server) == before


@promise
def without_apply_a_file_is_only_checked():
    with World() as world:
        server = Server.made(world, files=())
        before = state_of(server)
        reports = server.run("import", EXAMPLE[0])["files"]
        assert reports[0]["rows"] == 3 and reports[0]["created"] in (0, 3) and not reports[0]["applied"], reports
        assert state_of(server) == before


@promise
def a_reference_to_nothing_is_refused_by_the_check_as_by_the_import_with_line_and_key():
    with World() as world:
        server = Server.made(world)
        path = world.dir / "sites.csv"
        path.write_text("record=site,key,account_id,territory_id,name,time_zone\n"
                        ",s-1,a-north-0,north,Here,Europe/Dublin\n,s-2,acct-1,north,Nowhere,Europe/Dublin\n")
        before = state_of(server)
        said = [server.ask("import", *words, path, expect=USAGE).reason for words in ((), ("--apply",))]
        assert said[0] == said[1], said
        assert said[0].endswith('sites.csv:3:3: account_id: there is no account "acct-1" here; import accounts first'), said
        assert state_of(server) == before


@promise
def files_that_need_each_other_are_checked_together():
    with World() as world:
        server = Server.made(world, files=())
        before = state_of(server)
        reports = server.run("import", *EXAMPLE)["files"]
        assert len(reports) == len(EXAMPLE) and all(r["created"] == r["records"] and not r["applied"] for r in reports), reports
        assert state_of(server) == before


def many_orders(world, count):
    """A file that takes some twenty commits."""
    path = world.dir / "many.csv"
    path.write_text("record=work_order,key,number,title,territory_id,site_id,type,released\n" +
                    "".join(f",m-{k},M-{k},Pump {k} leaks,north,s-north-01,break_fix,true\n" for k in range(count)))
    return path


def written(server):
    """Bytes in the server's log of the store."""
    try:
        return (server.dir / "organisation.db-wal").stat().st_size
    except FileNotFoundError:
        return 0


@promise
def an_import_killed_in_the_middle_is_completed_by_importing_again_without_a_double():
    count = 10000
    with World() as world:
        server = Server.made(world, start=False)
        path = many_orders(world, count)
        before = len(server.rows("work_order"))
        halves = 0
        for k in range(5):  # it may be through before the signal comes
            copy = Server(world, f"copy-{k}")
            shutil.copytree(server.dir, copy.dir)
            began = written(copy)
            process = world.start("import.log", "truckrolld", "import", "--apply", path, "--dir", copy.dir)
            until(lambda: process.poll() is not None or written(copy) > began + 400_000, "some commits of the import are made", 60)
            end(process, SIGKILL)
            copy.verify()
            there = len(copy.rows("work_order")) - before
            report = copy.run("import", "--apply", path)["files"][0]
            assert (report["created"], report["unchanged"], report["kept"]) == (count - there, there, 0), (report, there)
            assert report["applied"] and len(copy.rows("work_order")) == before + count
            copy.verify()
            halves += 0 < there < count
            if halves:
                return
        raise AssertionError("no kill came in the middle")


@promise
def an_import_that_a_full_disk_stops_says_how_far_it_came_and_goes_on_later():
    with World() as world:
        server = Server.made(world, start=False)
        path, before = many_orders(world, 6000), len(server.rows("work_order"))
        limit = (server.dir / "organisation.db").stat().st_size + 900_000
        answer = world.run("truckrolld", "import", "--apply", path, "--dir", server.dir, "--json", expect=CANNOT_WRITE,
                           before=("env", "--ignore-signal=XFSZ", "prlimit", f"--fsize={limit}"))
        there = len(server.rows("work_order")) - before
        assert 0 < there < 6000, there
        assert f"{there} of the 6000 new records of" in answer.reason and "import the file again" in answer.reason, answer.reason
        assert answer.json["files"][0]["created"] == there and not answer.json["files"][0]["applied"], answer.out
        report = server.run("import", "--apply", path)["files"][0]
        assert (report["created"], report["unchanged"]) == (6000 - there, there), report
        server.verify()


def peak_kb(world, server, path):
    """Most memory that taking the file in needed at any time."""
    log = world.dir / "peak"
    world.run("truckrolld", "import", "--apply", path, "--dir", server.dir, expect=DONE,
              before=("/usr/bin/python3", "-c", "import resource, subprocess, sys\n"
                      "code = subprocess.run(sys.argv[2:]).returncode\n"
                      "open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n"
                      "sys.exit(code)", log))
    return int(log.read_text())


@promise
def memory_does_not_grow_with_the_file():
    if SANITIZED:
        raise Skip("the sanitizers keep memory of their own")
    with World() as world:
        few, many = Server.made(world, name="few", start=False), Server.made(world, name="many", start=False)
        small = peak_kb(world, few, many_orders(world, 2000))
        large = peak_kb(world, many, many_orders(world, 12000))
        assert large - small < 10_000, f"{small} kB for 2,000 orders, {large} kB for 12,000: a kilobyte for each further one"


@promise
def a_faulty_file_leaves_nothing_behind_however_late_the_fault_comes():
    with World() as world:
        server = Server.made(world, start=False)
        path = many_orders(world, 3000)
        path.write_text(path.read_text().replace(",M-2999,Pump 2999 leaks,north,s-north-01", ",M-2999,Pump 2999 leaks,north,s-none"))
        before = state_of(server)
        answer = server.ask("import", "--apply", path, expect=USAGE)
        assert "many.csv:3001" in answer.reason and 'no site "s-none"' in answer.reason, answer.reason
        assert state_of(server) == before


@promise
def an_import_into_a_running_server_and_into_a_resting_one_give_the_same_records():
    with World() as world:
        running = Server.made(world, name="running")
        resting = Server.made(world, name="resting", start=False)
        for kind in ("work_order", "asset", "part", "movement", "kb_article", "balance"):
            assert running.rows(kind) == resting.rows(kind), kind


def data_rows(path):
    """The rows of a CSV file, each as a dictionary."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@promise
def every_row_of_the_real_files_becomes_a_record():
    data = real_data()
    if data is None:
        raise Skip("TRUCKROLL_DATA names no folder of real data")
    with World() as world:
        server = Server.made(world)
        kinds = ("work_order", "kb_article", "service_request", "movement")
        had = {kind: len(server.rows(kind)) for kind in kinds}
        server.run("import", "--apply", "--territory", "North", *[data / name for name in REAL])
        replaced = data_rows(data / "part_replacements.csv")
        events = {(row["asset_id"], row["component"], row["datetime"]) for row in replaced + data_rows(data / "failure_events.csv")}
        orders = sum(len(data_rows(data / f"work_orders_{fleet}.csv")) for fleet in ("excavator", "aviation"))
        troubles = len({row["trouble"] for row in data_rows(data / "troubleshooting_en.csv")})
        articles = sum(gzip.open(data / f"kb_articles_{lang}.jsonl.gz").read().count(b"\n") for lang in ("en", "zh"))
        made = {kind: len(server.rows(kind)) - had[kind] for kind in kinds}
        assert made == {"work_order": orders + len(events), "kb_article": articles + troubles, "movement": len(replaced),
                        "service_request": len(data_rows(data / "service_requests_311.csv"))}, made
        imported = [row for row in server.rows("work_order") if row["number"].startswith(("EXWO", "AVWO", "M-"))]
        assert len(imported) == made["work_order"] and all(row["state"] == "closed" for row in imported)
        before = state_of(server)
        for report in server.run("import", "--apply", "--territory", "North", *[data / name for name in reversed(REAL)])["files"]:
            assert report["created"] == 0 and report["kept"] == 0, report
        assert state_of(server) == before
        server.verify()


if __name__ == "__main__":
    tap.main()
