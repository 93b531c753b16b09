"""A part of the story's first scene: a customer's file with a fault in it, and an import that is killed in the middle."""
from signal import SIGKILL

from harness import USAGE, end
from tap import until
from telling import holds, say, shade

ROWS = 3000
HEAD = "record=work_order,key,number,title,territory_id,site_id,type\n"


def write(path, last_site):
    rows = [f",old-{k},OLD-{k},Boiler service {k},coast,s-coast-01,preventive\n" for k in range(1, ROWS)]
    path.write_text(HEAD + "".join(rows) + f",old-{ROWS},OLD-{ROWS},Boiler service {ROWS},coast,{last_site},preventive\n")


def log_size(server):
    log = server.dir / "organisation.db-wal"
    return log.stat().st_size if log.exists() else 0


def bring_in_a_customers_file(server):
    path = server.world.dir / "customer.csv"
    before = len(server.rows("work_order"))
    say(f"   {shade('who', 'Office:')} truckrolld import --apply customer.csv   ({ROWS} orders, the last one for a site that is not here)")
    write(path, "s-coast-99")
    answer = server.ask("import", "--apply", path, expect=USAGE)
    fault = f"customer.csv:{ROWS + 1}:"
    holds(fault in answer.reason and len(server.rows("work_order")) == before, "refused whole: " + answer.reason[answer.reason.index(fault):])
    write(path, "s-coast-01")
    say(f"   {shade('who', 'Office:')} truckrolld import --apply customer.csv   (mended, and killed in the middle)")
    process = server.world.start("import.log", "truckrolld", "import", "--apply", path, "--dir", server.dir)
    until(lambda: process.poll() is not None or log_size(server) > 300_000, "some of the import is made")
    end(process, SIGKILL)
    there = len(server.rows("work_order")) - before
    say(f"   {shade('who', 'Office:')} truckrolld import --apply customer.csv   (once more)")
    report = server.run("import", "--apply", path)["files"][0]
    holds((report["created"], report["unchanged"], report["kept"]) == (ROWS - there, there, 0) and len(server.rows("work_order")) == before + ROWS,
          f"{there} orders were in when it was killed; now {report['created']} more came, and none twice.")
