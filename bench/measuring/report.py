"""The tables, and the section of docs/performance.md that they replace."""
import os
import platform
import re
import statistics
import subprocess
import time

from . import load, places

PAGE = os.path.join(places.ROOT, "docs", "performance.md")


def machine():
    """Words about what everything ran on."""
    processor = "an unknown processor"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split()
    return (f"{system}, Linux {'.'.join(platform.release().split('.')[:2])}, {len(places.CPUS)} CPUs ({processor}), "
            f"OpenSSL {openssl[1] if len(openssl) > 1 else '?'}")


def spread(values, digits=1):
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def cell(rounds, fault=None):
    if fault:
        return "fails its check"
    if not rounds:
        return ""
    text = spread([r["microseconds"] for r in rounds])
    if any(r["noise"] > load.NOISE_MAX for r in rounds):
        text += " \\*"
    if any(r["bad"] for r in rounds):
        text += f" ({sum(r['bad'] for r in rounds)} bad answers)"
    return text


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def section(results):
    """Everything between the markers, out of what bench/run has kept."""
    names = list(results["contestants"])
    titles = [results["contestants"][name] for name in names]
    cells, faults = results["cells"], results["faults"]
    measured = [p for p in results["profiles"] if p["name"] in cells]

    def at(profile, name):
        return cell(cells[profile["name"]].get(name, []), faults.get(f"{name}: {profile['job']}"))

    def latency(profile, name):
        rounds = cells[profile["name"]].get(name, [])
        if not rounds:
            return ""
        return (f"{spread([r['p50'] for r in rounds], 0)} / "
                f"{spread([r['p99'] for r in rounds], 0)}")

    parts = [
        f"{results['when']}: {results['machine']}. Every proxy has one worker on one CPU; load and "
        f"upstream share the rest. Median of {results['rounds']} interleaved rounds of "
        f"{results['seconds']:g} s, smallest and largest in brackets, in µs of CPU a request. An "
        "empty cell is something the proxy cannot do.",
        "",
        table(["profile", "what the proxy does", *titles],
              [[f"`{p['name']}`", p["what"], *(at(p, name) for name in names)] for p in measured]),
        "",
    ]
    open_loop = [p for p in measured if p["rate"]]
    if open_loop:
        parts += ["Latency in the open loop, counted from the instant a request was due: p50 / p99 "
                  "in µs.", "",
                  table(["profile", *titles],
                        [[f"`{p['name']}`", *(latency(p, name) for name in names)]
                         for p in open_loop]), ""]
    parts += [remarks(results, measured), "", "    " + results["command"]]
    return "\n".join(parts)


def remarks(results, measured):
    every = [r for p in measured for rounds in results["cells"][p["name"]].values() for r in rounds]
    noises = [r["noise"] for r in every]
    noisy = sum(noise > load.NOISE_MAX for noise in noises)
    text = (f"Others used {statistics.median(noises):.0%} of the machine during the median "
            f"measurement and {max(noises):.0%} during the worst of {len(every)}; ")
    text += (f"{noisy} stayed above {load.NOISE_MAX:.0%} in every try, and their "
             "cells are marked \\*." if noisy else
             f"none stayed above {load.NOISE_MAX:.0%}.")
    resumed = [(name, min(r["resumed"] for r in rounds)) for p in measured if p["resume"]
               for name, rounds in results["cells"][p["name"]].items()]
    if resumed:
        text += " Sessions resumed where asked for: " + ", ".join(
            f"{results['contestants'][name]} {part:.0%}" for name, part in resumed) + "."
    if results["faults"]:
        text += " Not measured: " + "; ".join(
            f"{what}: {why}" for what, why in results["faults"].items()) + "."
    if results["failures"]:
        text += f" Measurements that failed: {'; '.join(results['failures'])}."
    return text


def replace(mark, text):
    """Puts text between `<!-- mark: ... -->` and `<!-- end of mark -->`; the rest stays."""
    with open(PAGE) as opened:
        page = opened.read()
    pattern = re.compile(rf"(<!-- {mark}:[^>]*-->\n).*?(\n<!-- end of {mark} -->)", re.S)
    if not pattern.search(page):
        raise SystemExit(f"docs/performance.md has no markers for {mark}")
    page = pattern.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page)
    with open(PAGE, "w") as opened:
        opened.write(page)


def today():
    return time.strftime("%-d %B %Y")
