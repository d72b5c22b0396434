"""Tables, and the sections of pages that they replace."""
import os
import platform
import re
import time

from process import ROOT


def today():
    return time.strftime("%-d %B %Y")


def machine():
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{system}, Linux {'.'.join(platform.release().split('.')[:2])}"


def table(heads, rows):
    """Markdown; the first column is words, the others are numbers."""
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def replace(page, mark, text):
    """Puts text between `<!-- mark: ... -->` and `<!-- end of mark -->`; the rest stays."""
    path = os.path.join(ROOT, "docs", page)
    with open(path) as opened:
        whole = opened.read()
    pattern = re.compile(rf"(<!-- {mark}:[^>]*-->\n).*?(\n<!-- end of {mark} -->)", re.S)
    if not pattern.search(whole):
        raise SystemExit(f"docs/{page} has no markers for {mark}")
    with open(path, "w") as opened:
        opened.write(pattern.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", whole))
