"""Programs that are started for a run, and end with it."""
import os
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JURY = os.path.join(ROOT, "jury")
BUILD = os.path.join(ROOT, ".build", "jury")
VENV = os.path.join(BUILD, "venv", "bin")


def free_port():
    """A port that nobody has now. Where somebody takes it before we do, the run ends saying so."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def said(*words, **more):
    """Both outputs of a command that has to succeed."""
    result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=120, **more)
    if result.returncode:
        raise SystemExit(f"{' '.join(words[:4])}: {result.stdout.strip()[-2000:]}")
    return result.stdout.strip()


class Server:
    """A program that listens on a port, in a process group of its own."""

    def __init__(self, name, words, port, folder, environment=None):
        self.name, self.port = name, port
        self.log = os.path.join(folder, f"{name}.log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder,
                start_new_session=True, env=os.environ | (environment or {}))
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def wait(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        with open(self.log) as opened:
            raise SystemExit(f"{self.name} does not listen:\n{opened.read()[-2000:]}")

    @property
    def is_alive(self):
        return self.process.poll() is None

    def stop(self):
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        # Whatever of its group is left, workers included.
        self.signal(signal.SIGKILL)
        self.process.wait()

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass
