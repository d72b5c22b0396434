"""The profiles: what is asked of a proxy, and by which load."""
from dataclasses import dataclass

from .contestant import Job


@dataclass(frozen=True)
class Load:
    connections: int = 64
    path: str = "/orders"
    body_bytes: int = 0
    order_bytes: int = 0        # a JSON document of so many bytes as the body
    tokens: int = 16            # in turn; only where the job has tokens
    tenants: int = 16
    fresh: bool = False         # a new connection for every request
    resume: bool = False
    rate: float = 0             # requests a second; 0 is as fast as answers come
    first_requests: int = 0     # before the warm-up


@dataclass(frozen=True)
class Profile:
    name: str
    what: str
    job: Job
    load: Load = Load()


TLS, LIMIT = Job("tls"), Job("limit")
MEGABYTE = Load(path="/bytes/1048576", connections=16)
SIXTEEN = Load(path="/bytes/16384")
POST = Load(body_bytes=4096)
ORDER = Load(order_bytes=1024)
SLOW = Load(rate=2000)

ALL = [
    Profile("plain", "forward, without TLS", Job("plain")),
    Profile("tls", "terminate TLS, forward", TLS),
    Profile("token", "and verify an RS256 token, set the tenant's field (16 tokens)",
            Job("token")),
    Profile("limit", "and limit each tenant", LIMIT),
    Profile("limit-hs256", "the same with HS256 tokens", Job("limit", "HS256")),
    Profile("limit-10k", "the same with 10,000 RS256 tokens and tenants in turn", LIMIT,
            Load(tokens=10_000, tenants=10_000, first_requests=10_000)),
    Profile("limit-first", "the same with every token for the first time: no cache helps", LIMIT,
            Load(tokens=150_000, tenants=10_000)),
    Profile("limit-first-es256", "the same with ES256 tokens", Job("limit", "ES256"),
            Load(tokens=150_000, tenants=10_000)),
    Profile("limit-signed", "the same as `limit`, and sign an HS256 assertion for the upstream",
            Job("limit", signed=True)),
    Profile("connect", "TLS, a new connection for every request, full handshake", TLS,
            Load(fresh=True)),
    Profile("connect-resumed", "TLS, a new connection for every request, session resumed", TLS,
            Load(fresh=True, resume=True)),
    Profile("tls-post", "TLS, POST of 4 KB", TLS, POST),
    Profile("limit-post", "token and limit, POST of 4 KB", LIMIT, POST),
    Profile("limit-json", "token and limit, POST of 1 KB of JSON", LIMIT, ORDER),
    Profile("limit-json-clean", "and take every spelling of a tenant out of it",
            Job("limit", cleaned=True), ORDER),
    Profile("tls-16k", "TLS, answers of 16 KB", TLS, SIXTEEN),
    Profile("limit-16k", "token and limit, answers of 16 KB", LIMIT, SIXTEEN),
    Profile("tls-1m", "TLS, answers of 1 MB (16 connections)", TLS, MEGABYTE),
    Profile("limit-1m", "token and limit, answers of 1 MB (16 connections)", LIMIT, MEGABYTE),
    Profile("tls-2k", "TLS, open loop at 2,000 requests a second", TLS, SLOW),
    Profile("limit-2k", "token and limit, open loop at 2,000 requests a second", LIMIT, SLOW),
    Profile("tls-unix", "TLS, upstream on a Unix socket", Job("tls", unix=True)),
    Profile("limit-unix", "token and limit, upstream on a Unix socket", Job("limit", unix=True)),
]
