"""What a proxy of the bench is, and how one runs."""
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field

from . import places


@dataclass(frozen=True)
class Job:
    """What a proxy has to do: the part of a profile that is configuration."""
    mode: str = "tls"           # plain, tls, token (tls and a token), limit (token and a limit)
    algorithm: str = "RS256"
    unix: bool = False          # the upstream listens on a Unix socket
    signed: bool = False        # the proxy signs an assertion for the upstream
    cleaned: bool = False       # the proxy takes tenants out of bodies
    routes: int = 1
    workers: int = 1

    @property
    def has_tls(self):
        return self.mode != "plain"

    @property
    def has_token(self):
        return self.mode in ("token", "limit")

    @property
    def has_limit(self):
        return self.mode == "limit"

    def __str__(self):
        extra = [self.algorithm] if self.has_token else []
        extra += ["Unix socket"] if self.unix else []
        extra += ["assertion"] if self.signed else []
        extra += ["bodies cleaned"] if self.cleaned else []
        extra += [f"{self.routes} routes"] if self.routes > 1 else []
        extra += [f"{self.workers} workers"] if self.workers > 1 else []
        return ", ".join([self.mode] + extra)


class Contestant:
    """A proxy. `command` writes its configuration into a folder and answers how to start it."""
    name = title = ""
    modes = ("plain", "tls", "token", "limit")

    def can(self, job):
        return job.mode in self.modes and not job.signed and not job.cleaned and job.routes == 1

    def installed(self):
        return True

    def version(self):
        raise NotImplementedError

    def command(self, job, material, upstream, folder):
        raise NotImplementedError


@dataclass
class Upstream:
    """The service behind the proxies, on TCP and on a Unix socket at once."""
    folder: str
    processes: list = field(default_factory=list)

    @property
    def path(self):
        return os.path.join(self.folder, "upstream.sock")

    @property
    def pids(self):
        return [process.pid for process in self.processes]

    def __enter__(self):
        program = os.path.join(places.BUILD, "upstream")
        for where in (str(places.UPSTREAM_PORT), self.path):
            self.processes.append(subprocess.Popen(
                ["taskset", "-c", places.OTHER_CPUS, program, where]))
        wait_for_port(places.UPSTREAM_PORT, self.processes[0])
        return self

    def __exit__(self, *_):
        for process in self.processes:
            stop(process)


class RunningProxy:
    """A contestant doing a job, for the length of a `with`."""

    def __init__(self, contestant, job, material, upstream):
        self.contestant, self.job = contestant, job
        self.material, self.upstream = material, upstream

    def __enter__(self):
        self.folder = os.path.join(self.material.folder, self.contestant.name)
        os.makedirs(self.folder)
        words = self.contestant.command(self.job, self.material, self.upstream, self.folder)
        cpus = places.PROXY_CPU if self.job.workers == 1 else places.ALL_CPUS
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(["taskset", "-c", cpus] + words, stdout=log, stderr=log)
        try:
            wait_for_port(places.PROXY_PORT, self.process, self.log)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pids(self):
        """The process and its children (and theirs)."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            with open(f"/proc/{pid}/task/{pid}/children") as children:
                waiting += [int(word) for word in children.read().split()]
        return found


def wait_for_port(port, process, log=None, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    said = ""
    if log:
        with open(log) as opened:
            said = opened.read()[-2000:]
    raise RuntimeError(f"nothing listens on port {port}\n{said}")


def stop(process):
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as opened:
        opened.write(text)
    return path
