"""One measurement: a running proxy, the generator, and who used the CPUs meanwhile."""
import json
import os
import subprocess
import time

from . import places
from .contestant import RunningProxy

PROGRAMS = {"generator": ["-lssl", "-lcrypto"], "upstream": [], "mint": ["-lcrypto"]}

# Above this share of the machine used by others a measurement is repeated, and marked if it stays.
NOISE_MAX = 0.08
TRIES_MAX = 3
WARM_UP_SECONDS = 1
# The generator gives up waiting for its first answers after two minutes.
DEADLINE_SECONDS = 180


def build_programs():
    os.makedirs(places.BUILD, exist_ok=True)
    newest = max(os.path.getmtime(os.path.join(places.PROGRAMS, name))
                 for name in os.listdir(places.PROGRAMS))
    for name, libraries in PROGRAMS.items():
        source = os.path.join(places.PROGRAMS, name + ".c")
        program = os.path.join(places.BUILD, name)
        if not os.path.exists(program) or os.path.getmtime(program) < newest:
            subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", program, source, *libraries],
                           check=True)


def generator_words(job, load, material, seconds, proxy_pids, upstream_pids):
    words = [os.path.join(places.BUILD, "generator"), "-a", str(places.PROXY_PORT),
             "-c", str(load.connections), "-g", load.path, "-d", str(seconds),
             "-w", str(WARM_UP_SECONDS), "-n", str(load.first_requests),
             "-p", ",".join(map(str, proxy_pids)), "-u", ",".join(map(str, upstream_pids))]
    words += ["-s"] if job.has_tls else []
    words += ["-f"] if load.fresh else []
    words += ["-r"] if load.resume else []
    words += ["-b", str(load.body_bytes)] if load.body_bytes else []
    words += ["-j", material.order(load.order_bytes)] if load.order_bytes else []
    words += ["-q", str(load.rate)] if load.rate else []
    if job.has_token:
        words += ["-t", material.tokens(job.algorithm, load.tokens, load.tenants)]
    return words


def measure_once(contestant, job, load, material, upstream, seconds):
    with RunningProxy(contestant, job, material, upstream) as proxy:
        words = generator_words(job, load, material, seconds, proxy.pids, upstream.pids)
        said = subprocess.run(["taskset", "-c", places.OTHER_CPUS, *words], capture_output=True,
                              text=True, timeout=DEADLINE_SECONDS + seconds)
        if said.returncode:
            raise RuntimeError(said.stderr.strip() or f"generator: {said.returncode}")
        figures = json.loads(said.stdout)
    ours = figures["proxy"] + figures["upstream"] + figures["generator"]
    cpus = len(places.CPUS) * figures["seconds"]
    count = figures["requests"]
    if not count:
        raise RuntimeError(f"no request was answered: {said.stdout.strip()}")
    good = sum(n for status, n in figures["statuses"].items() if status.startswith("2"))
    return {
        "microseconds": figures["proxy"] / count * 1e6,
        "requests_a_second": count / figures["seconds"],
        "p50": figures["p50"], "p99": figures["p99"],
        "bad": count - good + figures["errors"],
        "resumed": figures["resumed"] / max(figures["handshakes"], 1),
        "noise": max(0.0, figures["busy"] - ours) / cpus,
        "proxy_busy": figures["proxy"] / figures["seconds"],
    }


def busy_share(seconds):
    """How much of our CPUs anybody used in the next so many seconds."""
    def read():
        with open("/proc/stat") as stat:
            fields = [int(word) for word in stat.readline().split()[1:9]]
        return sum(fields) - fields[3] - fields[4], sum(fields)

    busy, total = read()
    time.sleep(seconds)
    busy_after, total_after = read()
    return (busy_after - busy) / max(total_after - total, 1)


def wait_for_quiet(seconds_max):
    end = time.monotonic() + seconds_max
    while time.monotonic() < end and busy_share(0.5) > NOISE_MAX / 2:
        pass


def measure(contestant, job, load, material, upstream, seconds, patience_seconds=10):
    """The quietest of a few tries; the first one that is quiet enough ends them."""
    best = None
    for _ in range(TRIES_MAX if patience_seconds else 1):
        wait_for_quiet(patience_seconds)
        result = measure_once(contestant, job, load, material, upstream, seconds)
        if best is None or result["noise"] < best["noise"]:
            best = result
        if best["noise"] <= NOISE_MAX:
            break
    return best
