"""What a contestant must do right before it is measured.

Looked at where it counts: the upstream answers with the request as it arrived. A proxy that skips
the work is fast, and not part of a comparison.
"""
import functools
import hashlib
import socket
import ssl

from . import places

# What the upstream answers to anything else.
SMALL_BYTES = 178
SPOOFS = ["X-Tenant-ID: evil", "x-tenant-id: evil", "X_Tenant_ID: evil"]
# Estimates over two periods and buckets that refill are let off with this much of 100 a minute.
ADMITTED = range(90, 116)


class Client:
    """One connection; requests one after the other."""

    def __init__(self, tls):
        self.socket = socket.create_connection(("127.0.0.1", places.PROXY_PORT), timeout=10)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def ask(self, path, fields=(), body=None):
        """Status and body."""
        method = "GET" if body is None else "POST"
        head = [f"{method} {path} HTTP/1.1", "Host: localhost", *fields]
        if body is not None:
            head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        self.socket.sendall("\r\n".join(head + ["", ""]).encode() + (body or b""))
        status = int(self.stream.readline().split()[1])
        length = 0
        while (line := self.stream.readline().strip()) != b"":
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
            if name.lower() == b"transfer-encoding":
                raise RuntimeError("a chunked answer, where the upstream gave a length")
        return status, self.stream.read(length)


def ask(job, *words, **more):
    with Client(job.has_tls) as client:
        return client.ask(*words, **more)


def bearer(token):
    return [f"Authorization: Bearer {token}"]


def tenants(echo):
    """The values of everything in an echoed head that could be read as the tenant's field."""
    lines = echo.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return [value.strip() for name, value in (line.split(":", 1) for line in lines)
            if name.lower().replace("_", "-") == "x-tenant-id"]


def fault(job, material):
    """The first thing done wrong, or None."""
    if not job.has_token:
        return bodies_fault(job, [])
    good = material.token(job.algorithm, material.claims("good"))
    return (bodies_fault(job, bearer(good)) or tenant_fault(job, material)
            or refusal_fault(job, material, good)
            or (limit_fault(job, material) if job.has_limit else None))


@functools.cache
def digest(count):
    """Of what the upstream answers to /bytes/COUNT."""
    made = bytes(b"0123456789abcdef"[(i * 7 + i // 61) & 15] for i in range(count))
    return hashlib.sha256(made).digest()


def bodies_fault(job, fields):
    path = "/r0" if job.routes > 1 else ""
    if path:
        return None if ask(job, path, fields)[0] == 200 else "a route does not answer"
    status, body = ask(job, "/orders", fields)
    if (status, len(body)) != (200, SMALL_BYTES):
        return f"GET: {status}, {len(body)} bytes"
    for count in (16384, 1 << 20):
        status, body = ask(job, f"/bytes/{count}", fields)
        if status != 200 or hashlib.sha256(body).digest() != digest(count):
            return f"an answer of {count} bytes: {status}, {len(body)} bytes, or other bytes"
    sent = b'{"lines":[' + b"1," * 2042 + b"1]}"
    status, echo = ask(job, "/echo", fields, body=sent)
    if status != 200 or not echo.endswith(b"\r\n\r\n" + sent):
        return f"a body did not arrive whole: {status}"
    return None


def tenant_fault(job, material):
    with Client(True) as client:
        for tenant in ("one", "two", "one"):
            token = material.token(job.algorithm, material.claims(tenant))
            status, echo = client.ask("/echo", bearer(token) + SPOOFS)
            if status != 200 or tenants(echo) != [tenant]:
                return f"tenant {tenant}: {status}, the upstream sees {tenants(echo)}"
    return None


def refusal_fault(job, material, good):
    def token(**other):
        return material.token(job.algorithm, material.claims("good") | other)

    head, claims, signature = good.split(".")
    other = token(tenant_id="other").split(".")[1]
    now = material.claims("good")["iat"]
    flipped = "A" if signature[9] != "A" else "B"
    unsigned = material.token("HS256", material.claims("good"), {"alg": "none", "typ": "JWT"})
    wrong = {
        "a changed signature": f"{head}.{claims}.{signature[:9]}{flipped}{signature[10:]}",
        "the claims of another token": f"{head}.{other}.{signature}",
        "an expired token": token(iat=now - 7200, exp=now - 3600),
        "another issuer": token(iss="https://other.bench/"),
        "another audience": token(aud="other"),
        "algorithm none": unsigned.rsplit(".", 1)[0] + ".",
        "no token at all": None,
        "something that is no token": "garbage",
    }
    if job.algorithm in material.publics:
        with open(material.publics[job.algorithm], "rb") as opened:
            public = opened.read()
        wrong["the public key as a secret"] = material.token(
            "HS256", material.claims("good"), key=public)
    for what, value in wrong.items():
        status, _ = ask(job, "/echo", bearer(value) if value else [])
        # Envoy has 403 for a token that is right and meant for others.
        if status != 401 and (what, status) != ("another audience", 403):
            return f"{what}: {status}"
    return None


def limit_fault(job, material):
    limited = material.token(job.algorithm, material.claims("limited", "STARTER"))
    fresh = material.token(job.algorithm, material.claims("fresh", "STARTER"))
    with Client(True) as client:
        statuses = [client.ask("/orders", bearer(limited))[0] for _ in range(130)]
    if statuses.count(200) not in ADMITTED or set(statuses) - {200, 429}:
        return f"100 a minute: {statuses.count(200)} of 130 admitted"
    if ask(job, "/orders", bearer(fresh))[0] != 200:
        return "one tenant's limit stops another"
    return None
