"""The jurors: real servers and frameworks, each with an application that tells what it can read."""
import json
import os
import shutil
import threading
from dataclasses import dataclass

import process
import wire
from process import BUILD, JURY, VENV, said

STACKS = os.path.join(JURY, "stacks")
NODE_PATH = {"NODE_PATH": "/usr/share/nodejs"}
PYTHON_PATH = {"PYTHONPATH": STACKS, "PYTHONDONTWRITEBYTECODE": "1"}


def packages(*names):
    """Versions of Python packages of the jury's folder."""
    lines = said(os.path.join(VENV, "python3"), "-c", "import importlib.metadata as m, sys\n"
                 "for name in sys.argv[1:]: print(m.version(name))", *names)
    return [f"{name} {version}" for name, version in zip(names, lines.split())]


class Juror:
    name = title = ""
    environment = {}

    def command(self, port, folder):
        raise NotImplementedError

    def versions(self):
        raise NotImplementedError


class Gunicorn(Juror):
    environment = PYTHON_PATH

    def __init__(self, name, title, app, package):
        self.name, self.title, self.app, self.package = name, title, app, package

    def command(self, port, folder):
        return [os.path.join(VENV, "gunicorn"), "-b", f"127.0.0.1:{port}", "--threads", "4",
                "--worker-tmp-dir", folder, "--log-level", "error", self.app]

    def versions(self):
        return packages("gunicorn", self.package)


class Uvicorn(Juror):
    environment = PYTHON_PATH

    def __init__(self, parser):
        self.parser = parser
        self.name, self.title = f"uvicorn-{parser}", f"uvicorn ({parser}) + Starlette"

    def command(self, port, folder):
        return [os.path.join(VENV, "python3"), "-m", "uvicorn", "--port", str(port), "--http",
                self.parser, "--log-level", "error", "starlette_app:app"]

    def versions(self):
        return packages("uvicorn", self.parser, "starlette", "python-multipart")


class AIOHTTP(Juror):
    name, title, environment = "aiohttp", "aiohttp", PYTHON_PATH

    def command(self, port, folder):
        return [os.path.join(VENV, "python3"), os.path.join(STACKS, "aiohttp_app.py"), str(port)]

    def versions(self):
        return packages("aiohttp")


class Express(Juror):
    name, title, environment = "node", "Node http + Express (qs, busboy)", NODE_PATH

    def command(self, port, folder):
        return ["node", os.path.join(STACKS, "express_app.js"), str(port)]

    def versions(self):
        script = ("for (const name of ['express', 'qs', 'busboy', 'cookie']) "
                  "console.log(name + ' ' + require(name + '/package.json').version)")
        lines = said("node", "-e", script, env=os.environ | NODE_PATH).splitlines()
        return ["Node " + said("node", "--version").lstrip("v")] + lines


class PHP(Juror):
    name, title = "php", "PHP's built-in server"

    def command(self, port, folder):
        return ["php", "-S", f"127.0.0.1:{port}", os.path.join(STACKS, "php_app.php")]

    def versions(self):
        return ["PHP " + said("php", "-r", "echo PHP_VERSION;")]


class Rack(Juror):
    def __init__(self, server, title):
        self.server = server
        self.name, self.title = server, f"{title} + Rack"

    def command(self, port, folder):
        app = os.path.join(STACKS, "rack_app.ru")
        if self.server == "puma":
            return ["puma", "-q", "-e", "production", "-b", f"tcp://127.0.0.1:{port}", app]
        return ["rackup", "-q", "-E", "production", "-s", self.server, "-o", "127.0.0.1", "-p",
                str(port), app]

    def versions(self):
        script = ('require "rack"; require ARGV[0]; '
                  'puts({"puma" => -> { Puma::Const::VERSION }, '
                  '"webrick" => -> { WEBrick::VERSION }}[ARGV[0]].call, Rack.release)')
        server, rack = said("ruby", "-e", script, self.server).split()
        return [f"{self.server} {server}", f"Rack {rack}",
                "Ruby " + said("ruby", "-e", "puts RUBY_VERSION")]


class Go(Juror):
    name, title = "go", "Go net/http"

    def command(self, port, folder):
        program = os.path.join(BUILD, "go_app")
        source = os.path.join(STACKS, "go_app.go")
        if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
            cache = {"GOCACHE": os.path.join(BUILD, "go-cache"), "GO111MODULE": "off"}
            said("go", "build", "-o", program, source, env=os.environ | cache)
        return [program, str(port)]

    def versions(self):
        return ["Go " + said("go", "version").split()[2].removeprefix("go")]


ALL = [Gunicorn("flask", "gunicorn + Flask", "flask_app:app", "flask"), Uvicorn("httptools"),
       Uvicorn("h11"), Gunicorn("django", "gunicorn + Django", "django_app:application", "django"),
       AIOHTTP(), Express(), PHP(), Rack("puma", "Puma"), Rack("webrick", "WEBrick"), Go()]
PROGRAMS = ("node", "php", "ruby", "puma", "rackup", "go")


def missing():
    """What the jury needs and this machine has not."""
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if not os.path.exists(os.path.join(VENV, "uvicorn")):
        absent.append(os.path.relpath(VENV, process.ROOT))
    return absent


@dataclass
class Hearing:
    """What one juror made of one request."""
    statuses: list      # of its answers, none when it hung up
    seen: list          # every sighting of all of them


class Bench:
    """All jurors, running, for the length of a `with`."""

    def __init__(self, folder):
        self.folder, self.servers = folder, {}

    def __enter__(self):
        try:
            for juror in ALL:
                port = process.free_port()
                self.servers[juror.name] = process.Server(
                    juror.name, juror.command(port, self.folder), port, self.folder,
                    juror.environment)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            server.stop()

    def hear(self, requests, linger=()):
        """Every juror hears each of the requests, a mapping of any keys to bytes: hearings by name
        of juror and key. Keys in `linger` may have more than one answer."""
        heard = {juror.name: {} for juror in ALL}

        def hear_all(name):
            for key, data in requests.items():
                heard[name][key] = self.hear_one(name, data, 0.05 if key in linger else 0.0)

        threads = [threading.Thread(target=hear_all, args=(name,)) for name in heard]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name, server in self.servers.items():
            if not server.is_alive or len(heard[name]) != len(requests):
                raise SystemExit(f"{name} has ended; its log is {server.log}")
        return heard

    def hear_one(self, name, data, linger):
        seen, statuses = [], []
        for answer in wire.ask(self.servers[name].port, data, linger=linger):
            statuses.append(answer.status)
            try:
                seen += json.loads(answer.body)["seen"]
            except (ValueError, KeyError, TypeError):
                pass
        return Hearing(statuses, seen)
