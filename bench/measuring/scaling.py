"""The curves: what one thing growing does to the CPU a request costs."""
from dataclasses import dataclass, replace

from .contestant import Job
from .profiles import Load

LIMIT = Job("limit")
TLS = Job("tls")


@dataclass(frozen=True)
class Curve:
    name: str
    title: str
    x_title: str
    values: list
    # series -> function of a value: (job, load)
    series: dict
    # The unit of work the CPU is divided by.
    each: str = "request"
    # The value is a rate; points at which fewer are answered than are due are left out.
    ends_when_full: bool = False


def label(value):
    """1,000 as 1k: short enough for an axis."""
    for unit, letter in ((1_000_000, "M"), (1000, "k")):
        if value >= unit and value % unit == 0:
            return f"{value // unit}{letter}"
    return str(value)


def held(value):
    """Few enough connections that a body of this size fits into memory many times."""
    return 64 if value <= 65_536 else 16


def distinct(count, tenants):
    """Every token is seen once before the measurement: caches are as full as they get."""
    return Load(tokens=count, tenants=tenants, first_requests=count)


BYTES = [0, 1000, 4000, 16_000, 64_000, 256_000, 1_000_000, 10_000_000]

ALL = [
    Curve("connections", "Open connections, all of them busy", "connections",
          [1, 4, 16, 64, 256, 1000, 4000, 10_000],
          {"token and limit": lambda n: (LIMIT, Load(connections=n))}),
    Curve("tenants", "Tenants in turn, each with a limit and a token of its own", "tenants",
          [10, 100, 1000, 10_000, 100_000, 1_000_000],
          {"HS256": lambda n: (replace(LIMIT, algorithm="HS256"), distinct(n, n))}),
    Curve("tokens", "Different tokens in turn, of 16 tenants", "tokens",
          [1, 10, 100, 1000, 10_000, 100_000],
          {"RS256": lambda n: (LIMIT, distinct(n, 16)),
           "HS256": lambda n: (replace(LIMIT, algorithm="HS256"), distinct(n, 16))}),
    # A policy file holds at most 100,000 keys and values: 9,000 routes are as many as fit.
    Curve("routes", "Routes in the policy; the last one is asked for", "routes",
          [1, 10, 100, 1000, 9000],
          {"token and limit": lambda n: (replace(LIMIT, routes=n),
                                        Load(path=f"/r{n - 1}/orders"))}),
    Curve("bodies", "Bodies in one direction", "bytes", BYTES,
          {"answers": lambda n: (LIMIT, Load(path=f"/bytes/{n}", connections=held(n))),
           "requests": lambda n: (LIMIT, Load(body_bytes=n, connections=held(n)))}),
    Curve("new-connections", "New connections, one request on each", "new connections a second",
          [100, 250, 500, 1000, 1500, 2000, 3000],
          {"full handshake": lambda n: (TLS, Load(connections=512, fresh=True, rate=n)),
           "session resumed": lambda n: (TLS, Load(connections=512, fresh=True, resume=True,
                                                   rate=n))},
          each="connection", ends_when_full=True),
    Curve("workers", "Workers", "connections", [2, 8, 64, 512],
          {f"{count} worker{'s'[:count - 1]}":
           lambda n, count=count: (replace(LIMIT, workers=count), Load(connections=n))
           for count in (1, 2)}),
    Curve("upstream", "Upstream on TCP and on a Unix socket", "bytes of the answer", BYTES[:-1],
          {"TCP": lambda n: (LIMIT, Load(path=f"/bytes/{n}", connections=held(n))),
           "Unix socket": lambda n: (replace(LIMIT, unix=True),
                                     Load(path=f"/bytes/{n}", connections=held(n)))}),
]
