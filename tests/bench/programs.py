"""The programs under measurement: starting, asking and watching them."""
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Programs:
    """Where the built programs are."""

    def __init__(self, build):
        self.server = os.path.join(build, "server", "truckrolld")
        self.device = os.path.join(build, "device_agent", "truckroll")
        self.plain = os.path.join(build, "tests", "bench", "plain")
        self.helper = os.path.join(build, "tests", "bench", "bench_device")
        self.enlist = os.path.join(build, "tests", "bench", "enlist")
        self.load = os.path.join(build, "tests", "bench", "load")


def run(*words, **options):
    """Runs a program to its end; its standard output. Exits with its complaint when it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def run_json(*words):
    return json.loads(run(*words))


def run_measured(*words):
    """Runs a program; (its JSON, wall seconds from start to exit, CPU seconds, peak MiB). Its peak is read while it runs: what the system reports
    afterwards begins with what this process held when it forked."""
    peak = 0
    started = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        before = children_cpu()
        while child.poll() is None:
            peak = max(peak, proc_status(child.pid, "VmHWM"))
            time.sleep(0.002)
        seconds = time.monotonic() - started
        cpu = children_cpu() - before
        text, complaint = child.communicate()
    if child.returncode != 0:
        raise SystemExit(f"bench: {' '.join(words)}: exit {child.returncode}\n{text}{complaint}")
    return json.loads(text), seconds, cpu, peak / 1024


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def copy_tree(source, target):
    """A copy of a directory of closed databases, on disk before it is used."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    os.sync()


def proc_status(pid, key):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(key + ":"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


class Server:
    """truckrolld serve on a directory."""

    def __init__(self, programs, folder, port=0, before=()):
        self.programs = programs
        self.folder = folder
        ready = os.path.join(folder, "ready")
        if os.path.exists(ready):
            os.remove(ready)
        self.log = open(folder + ".log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [*before, programs.server, "serve", "--dir", folder, "--listen", f"tcp://127.0.0.1:{port}", "--ready-file", ready], stderr=self.log,
            stdout=self.log)
        deadline = time.monotonic() + 20
        while not os.path.exists(ready):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"bench: the server did not start, see {self.log.name}")
            time.sleep(0.001)
        with open(ready, encoding="ascii") as file:
            self.port = int(file.read())

    def __enter__(self):
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def __exit__(self, *_):
        self.stop()
        self.log.close()

    def ask(self, *words):
        return run_json(self.programs.server, *words, "--dir", self.folder, "--json")

    def peak_mb(self):
        return proc_status(self.process.pid, "VmHWM") / 1024

    def resident_mb(self):
        return proc_status(self.process.pid, "VmRSS") / 1024

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def enroll(self, folder, technician="Ada North", options=("--bench",)):
        """A new device of the technician in `folder`; not part of any figure."""
        code = self.ask("device", "invite", "--technician", technician)["code"]
        os.makedirs(folder, mode=0o700)
        with subprocess.Popen([self.programs.device, "enroll", code, "--server", f"tcp://127.0.0.1:{self.port}", "--name", "bench",
                               "--dir", folder, *options], stdout=self.log, stderr=self.log) as device:
            deadline = time.monotonic() + 20
            while device.poll() is None and time.monotonic() < deadline:
                for waiting in self.ask("device", "list")["devices"]:
                    if waiting["state"] == "pending":
                        self.ask("device", "approve", waiting["id"])
                time.sleep(0.05)
            if device.wait(20) != 0:
                raise SystemExit(f"bench: a device could not be enrolled, see {self.log.name}")


class Agent:
    """truckroll agent on a directory, on line and in step with the server when entered."""

    def __init__(self, programs, folder, cut_times=None):
        self.programs = programs
        self.folder = folder
        self.log = open(folder + ".log", "w", encoding="utf-8")
        words = [programs.device, "agent", "--dir", folder]
        if cut_times:
            open(cut_times, "w", encoding="ascii").close()
            words += ["--cut-times", cut_times]
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while not (os.path.exists(os.path.join(folder, "sock")) and self.link()["synced"]):
            if time.monotonic() > deadline:
                raise SystemExit(f"bench: the agent did not get in step, see {self.log.name}")
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.log.close()

    def link(self, *words):
        return run_json(self.programs.device, "link", *words, "--dir", self.folder, "--json")


class CountingProxy:
    """A TCP relay in front of the server that counts payload in both directions, and hangs up once after `cut_after` more bytes."""

    def __init__(self, target_port, port=0):
        self.target_port = target_port
        self.bytes = 0
        self.connections = 0
        self.cut_after = None
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self.target_port))
            for source, sink in ((client, server), (server, client)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.relay, args=(source, sink), daemon=True).start()

    def relay(self, source, sink):
        try:
            while data := source.recv(65536):
                whole = self.let_through(len(data))
                sink.sendall(data[:whole])
                if whole < len(data):
                    break
            sink.shutdown(socket.SHUT_RDWR)
            source.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def let_through(self, size):
        """So many of these bytes pass, and are counted."""
        with self.lock:
            if self.cut_after is not None:
                size = min(size, self.cut_after)
                self.cut_after = self.cut_after - size or None
            self.bytes += size
            return size

    def close(self):
        """Gives the port back: whoever accepts is woken first, and has it as long as it sleeps."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join()
        self.listener.close()
