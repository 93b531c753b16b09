"""The two programs as real processes in a directory of their own. Everything that was started is ended, and everything that was written is
removed, whatever happens in between. Nothing here knows the programs' code: only their commands, exit codes and files."""
import atexit
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile

from tap import until

DONE, REFUSED, USAGE, NOT_FOUND, OFFLINE, CORRUPT, CANNOT_WRITE, NEWER = range(8)

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TRUCKROLL_BUILD") or ROOT / "build")
SANITIZED = os.environ.get("TRUCKROLL_SANITIZE", "none") != "none"
EXAMPLE = sorted((ROOT / "example").glob("*.csv"))
UNDER = shlex.split(os.environ.get("TRUCKROLL_UNDER", ""))  # a checker that runs the programs, such as valgrind
looked_through = set()  # commands, see World.environment_of
templates = {}  # see template()
PATIENCE = 300 if UNDER else 60 if SANITIZED else 30  # seconds until something that must happen is given up
REPORT = re.compile(r"Sanitizer:|runtime error:|^==\d+== (Invalid|Conditional|Use of|Syscall param|Mismatched|Source and|Jump)")


def program(name):
    path = BUILD / {"truckrolld": "server", "truckroll": "device_agent"}.get(name, "tests/blackbox") / name
    assert path.exists(), f"{path} is not built"
    return str(path)


def real_data():
    """The folder of real data, or None."""
    named = os.environ.get("TRUCKROLL_DATA")
    folder = pathlib.Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


class Answer:
    """What a command said."""

    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err

    @property
    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise AssertionError(f"not JSON:\n{self}") from None

    @property
    def reason(self):
        """Why it failed, as a person reads it."""
        try:
            return json.loads(self.out)["error"]["reason"]
        except (ValueError, KeyError, TypeError):
            return self.err.strip()

    def __str__(self):
        return f"$ {' '.join(self.words)}\n{self.out}{self.err}exit code {self.code}"


class World:
    """A directory with processes. `with World() as world:`"""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="truckroll-"))
        self.processes = []
        self.proxies = []
        self.undo = []  # called in reverse order at the end
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.dir), "TZ": "UTC", "LC_ALL": "C.UTF-8",
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "abort_on_error=0:exitcode=99"),
            "TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "halt_on_error=1:exitcode=66"),
            "LSAN_OPTIONS": os.environ.get("LSAN_OPTIONS", ""),
            "UBSAN_OPTIONS": os.environ.get("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1:exitcode=99"),
        }

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for proxy in self.proxies:
            proxy.end()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        reports = self.sanitizer_reports()
        if reports or (kind is not None and kind is not SystemExit):
            self.show_logs()
        for action in reversed(self.undo):
            action()
        shutil.rmtree(self.dir, ignore_errors=True)
        assert not reports, "\n".join(reports)

    def sanitizer_reports(self):
        """What a process that stays said of itself: who is killed at the end has no exit code to tell by."""
        return [f"{path.name}: {line}" for path in sorted(self.dir.glob("*.log")) for line in path.read_text(errors="replace").splitlines()
                if REPORT.search(line)]

    def show_logs(self):
        for path in sorted(self.dir.glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()[-25:]
            print("".join(f"# {path.name}: {line}\n" for line in lines), end="", flush=True)

    def environment_of(self, words):
        """Of a short command's time under the sanitizer half goes to looking for leaks, and a third of the rest to surrounding global variables:
        each command is looked through in that way once in a test, not each time."""
        command = tuple(itertools.takewhile(str.isalpha, words[:3]))
        if not SANITIZED or command not in looked_through:
            looked_through.add(command)
            return self.environment
        return dict(self.environment, ASAN_OPTIONS=self.environment["ASAN_OPTIONS"] + ":detect_leaks=0:report_globals=0")

    def run(self, *words, stdin=None, expect=None, before=(), timeout=PATIENCE * 4):
        """Runs a program to its end. `expect`: the exit code it must have."""
        words = [str(word) for word in words]
        done = subprocess.run([*before, *UNDER, program(words[0]), *words[1:]], input=stdin, capture_output=True, encoding="utf-8", errors="replace",
                              env=self.environment_of(words), cwd=self.dir, timeout=timeout, **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))
        answer = Answer(words, done.returncode, done.stdout, done.stderr)
        assert "Sanitizer" not in answer.err and "runtime error" not in answer.err, str(answer)
        if expect is not None:
            assert answer.code == expect, f"expected exit code {expect}:\n{answer}"
        return answer

    def start(self, log, *words, before=(), **options):
        """Starts a program that stays; its words go to the file `log`."""
        words = [str(word) for word in words]
        with open(self.dir / log, "ab") as output:
            process = subprocess.Popen([*before, *UNDER, program(words[0]), *words[1:]], stdin=subprocess.DEVNULL, stdout=options.pop("stdout", output),
                                       stderr=options.pop("stderr", output), env=self.environment, cwd=self.dir, **options)
        self.processes.append(process)
        return process

    def proxy(self, server, http=False):
        from proxy import Proxy
        made = Proxy(server.http_port if http else server.port, http)
        self.proxies.append(made)
        return made


def kill_quietly(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end(process, by=signal.SIGTERM):
    """Ends a process that was started here and returns its exit code."""
    if process.poll() is None:
        process.send_signal(by)
    return process.wait(timeout=PATIENCE)


def template(world, files, options, program):
    """The directory of an organisation that was made by this program before, or is made now."""
    known = (tuple(files), tuple(options), program)
    if known not in templates:
        server = Server(world, "template")
        server.program = program
        server.make(files, options)
        kept = pathlib.Path(tempfile.mkdtemp(prefix="truckroll-template-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        templates[known] = kept / "org"
        shutil.move(server.dir, templates[known])
    return templates[known]


class Server:
    """An organisation: its directory, and the serving process when it runs."""

    def __init__(self, world, name="org"):
        self.world, self.dir = world, world.dir / name
        self.log = f"{name}.log"
        self.process, self.port, self.ready = None, 0, world.dir / f"{name}.ready"
        self.program = "truckrolld"

    @classmethod
    def made(cls, world, files=EXAMPLE, name="org", start=True, options=(), program="truckrolld"):
        """Those with the usual name, one in a world, are the same organisation throughout a program; others are made anew, and so is one that
        has a place prepared for it."""
        server = cls(world, name)
        server.program = program
        if name == "org" and not server.dir.exists():
            shutil.copytree(template(world, files or (), options, program), server.dir)
        else:
            server.make(files, options)
        if start:
            server.start()
        return server

    def make(self, files, options):
        self.world.run(self.program, "init", self.dir, "--name", "Harbour & Hill Service", *options, expect=DONE)
        if files:
            self.run("import", "--apply", *files)

    def start(self, before=(), options=(), host="127.0.0.1"):
        self.ready.unlink(missing_ok=True)
        self.process = self.world.start(self.log, self.program, "serve", "--dir", self.dir, "--listen", f"tcp://{host}:{self.port}",
                                        "--ready-file", self.ready, *options, before=before)
        until(lambda: self.process.poll() is not None or (self.ready.exists() and self.ready.read_text().strip()),
              "the server says that it is ready", PATIENCE)
        assert self.process.poll() is None, "the server ended at once"
        self.port, *others = (int(line) for line in self.ready.read_text().split())
        self.http_port = others[0] if others else None

    def stop(self):
        code = end(self.process)
        assert code == 0, f"the server ended with {code}"

    def kill(self):
        end(self.process, signal.SIGKILL)

    @property
    def url(self):
        return f"tcp://127.0.0.1:{self.port}"

    def ask(self, *words, expect=DONE, **options):
        return self.world.run(self.program, *words, "--dir", self.dir, "--json", expect=expect, **options)

    def run(self, *words, **options):
        """A command's JSON."""
        return self.ask(*words, **options).json

    def rows(self, kind):
        return self.run("list", kind, "--limit", 1000000)["records"]

    def find(self, kind, **fields):
        found = [row for row in self.rows(kind) if all(row.get(name) == value for name, value in fields.items())]
        assert len(found) == 1, f"{len(found)} of {kind} with {fields}"
        return found[0]

    def incidents(self, *words):
        """What happened, once all of it is written: what is noted with an answer follows it, and `status` counts it meanwhile."""
        def written():
            rows = self.run("incidents", "--limit", 1000, *words)["incidents"]
            return [rows] if sum(row["acknowledged_at"] is None for row in rows) == self.run("status")["incidents"] else None
        rows, = until(written, "every incident is written")
        return rows

    def log_of_operations(self):
        return self.run("outcomes", "--limit", 1000000)["operations"]

    def book(self, order, technician, dispatch=True):
        """Gives the visit's id."""
        return self.run("visit", "book", order, technician, *(["--dispatch"] if dispatch else []))["visit"]

    def memory_kb(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def opened(self):
        """What the descriptors are of, for a failure's words."""
        found = []
        for path in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                found.append(os.readlink(path))
            except FileNotFoundError:
                pass  # closed meanwhile
        return sorted(found)

    def verify(self):
        return self.run("verify")


class Device:
    """A technician's device."""

    def __init__(self, world, name):
        self.world, self.name, self.dir = world, name, world.dir / name
        self.keys = world.dir / f"{name}.keys"
        self.log = f"{name}.log"
        self.agent, self.id, self.words = None, None, None
        self.options = () # of its enrolment
        self.program = "truckroll"

    @classmethod
    def enrolled(cls, server, technician, name, url=None, options=(), program="truckroll"):
        device = cls(server.world, name)
        device.program = program
        device.technician, device.options = technician, options
        code = server.run("device", "invite", "--technician", technician)["code"]
        device.enrol(server, code, url or server.url)
        return device

    def start_enrolment(self, code, url, wait=PATIENCE):
        self.said = self.world.dir / f"{self.name}.enrol"
        with open(self.said, "wb") as said:
            return self.world.start(self.log, self.program, "enroll", code, "--server", url, "--name", self.name, "--wait", wait, "--dir", self.dir,
                                    "--keys", self.keys, "--json", *self.options, stdout=said)

    def shown_words(self):
        """The six words, once the device has shown them: an object on the first line."""
        line, ended, _ = self.said.read_text().partition("\n")
        return json.loads(line)["words"] if ended and "words" in line else None

    def enrol(self, server, code, url):
        process = self.start_enrolment(code, url)
        waiting = until(lambda: process.poll() is not None or
                        next((d for d in server.run("device", "list")["devices"] if d["name"] == self.name and d["state"] == "pending"), None),
                        f"{self.name} waits for approval", PATIENCE)
        assert process.poll() is None, f"enrolment ended: {self.said.read_text()} {(self.world.dir / self.log).read_text()}"
        self.words = until(self.shown_words, "the device shows its six words", PATIENCE)
        self.words_at_server = waiting["words"]
        assert self.words == self.words_at_server, f"device: {self.words}; server: {waiting['words']}"
        self.id = waiting["id"]
        server.run("device", "approve", self.id)
        code = process.wait(timeout=PATIENCE)
        assert code == DONE, f"enrolment ended with {code}: {self.said.read_text()}"

    def ask(self, *words, expect=DONE, **options):
        return self.world.run(self.program, *words, "--dir", self.dir, "--keys", self.keys, "--json", expect=expect, **options)

    def run(self, *words, **options):
        return self.ask(*words, **options).json

    def go_to_work(self, *which):
        """Its technician is at the visit then."""
        for step in ("accept", "travel", "arrive"):
            self.run(step, *which)

    def in_van(self, number):
        """How many of the part its technician's van is known to hold."""
        return sum(row["quantity"] for row in self.run("van")["stock"] if row["number"] == number)

    def sync(self, wait=PATIENCE, **options):
        return self.run("sync", "--wait", wait, **options)

    def told(self, check, *words):
        """What its doctor found, as often as there is a line of this name."""
        return [line["found"] for line in self.ask("doctor", "--offline", *words, expect=None).json["checks"] if line["check"] == check]

    def start_agent(self, before=()):
        ready = self.world.dir / f"{self.name}.ready"
        ready.unlink(missing_ok=True)
        self.agent = self.world.start(self.log, self.program, "agent", "--dir", self.dir, "--keys", self.keys, "--ready-file", ready, before=before)
        until(lambda: self.agent.poll() is not None or (ready.exists() and ready.read_text().strip()), f"{self.name}'s agent is ready", PATIENCE)
        assert self.agent.poll() is None, f"{self.name}'s agent ended at once"
        if before:  # what runs below another program is not ended with it
            self.world.undo.append(lambda pid=int(ready.read_text()): kill_quietly(pid))

    def stop_agent(self):
        code = end(self.agent)
        assert code == 0, f"the agent ended with {code}"
        self.agent = None

    def kill_agent(self):
        end(self.agent, signal.SIGKILL)
        self.agent = None


def fill(path):
    """Leaves not one page free."""
    with open(path, "wb", buffering=0) as file:
        for block in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(block))
            except OSError:
                pass


def with_a_line(world):
    """A server, and a device with a job behind a line of its own that can be closed."""
    server = Server.made(world)
    line = world.proxy(server)
    device = Device.enrolled(server, "Ada Brannock", "tablet", line.url)
    server.book("HH-5001", "Ada Brannock")
    device.sync()
    return server, device, line


def with_a_job(world):
    """An office that serves, and Ada's tablet with one job, in step."""
    server = Server.made(world)
    device = Device.enrolled(server, "Ada Brannock", "tablet")
    server.book("HH-5001", "Ada Brannock")
    device.sync()
    return server, device
