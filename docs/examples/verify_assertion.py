#!/usr/bin/env python3
"""Checks the Ringfence-Assertion of a request, with Python's standard library only.

Copy `verify` into your API and call it before anything else looks at a request:

    claims = verify(headers["Ringfence-Assertion"], KEY, "orders", "GET", "/v1/orders?page=2", b"")
    tenant = claims["tid"]          # no other field of the request names the tenant

Refuse with 401 when the header is absent, there twice, or `Refused` is raised. On the command line:

    verify_assertion.py KEYFILE AUDIENCE METHOD TARGET [BODYFILE] < assertions, one a line
"""
import base64, hashlib, hmac, json, re, sys, threading, time

HEADER = {"alg": "HS256", "typ": "ringfence-assertion+jwt"}
LEEWAY = 5            # seconds by which the clocks of the gateway and this API may differ
REMEMBERED = 262_144  # request ids; beyond it requests are refused, and none is forgotten early

used, lock, started = {}, threading.Lock(), int(time.time())


class Refused(Exception):
    pass


def decode(text):
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)


def encode(raw):
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def verify(assertion, key, audience, method, target, body, now=None):
    """Answers the claims. `target` is path and query as they were sent; `body` the bytes that
    came, or None on a route that streams bodies, whose assertions cover none."""
    now = time.time() if now is None else now
    digest = "stream" if body is None else encode(hashlib.sha256(body).digest())
    wanted = {"iss": "ringfence-gateway", "aud": audience, "m": method, "p": target, "bd": digest}
    try:
        header, payload, mac = assertion.split(".")
        expected = hmac.new(key, f"{header}.{payload}".encode("ascii"), hashlib.sha256).digest()
        if not hmac.compare_digest(decode(mac), expected):
            raise Refused("not signed with this key")
        if json.loads(decode(header)) != HEADER:
            raise Refused("not an assertion")
        claims = json.loads(decode(payload))
        if any(claims[name] != value for name, value in wanted.items()):
            raise Refused("made for another request")
        if not started <= claims["iat"] <= now + LEEWAY or now >= claims["exp"] + LEEWAY:
            raise Refused("out of its time")
        if (claims["scope"] == "tenant") != ("tid" in claims):
            raise Refused("names no scope")
        use_once(claims["rid"], claims["exp"] + LEEWAY, now)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused("not an assertion") from error
    return claims


def use_once(request_id, until, now):
    """One memory for all threads. Several processes need a shared one, such as a table."""
    with lock:
        if len(used) >= REMEMBERED:
            for old in [name for name, end in used.items() if end <= now]:
                del used[old]
        if request_id in used:
            raise Refused("used before")
        if len(used) >= REMEMBERED:
            raise Refused("too many requests to remember")
        used[request_id] = until


def main(arguments):
    if len(arguments) not in (4, 5):
        print(__doc__, file=sys.stderr)
        return 64
    global started
    started = 0  # This process has used nothing before: an assertion may be older than it.
    with open(arguments[0], "rb") as file:
        key = re.sub(rb"\r?\n\Z", b"", file.read())  # As the gateway reads it: less one line end.
    body = b""
    if len(arguments) == 5:
        with open(arguments[4], "rb") as file:
            body = file.read()
    refused = 0
    for line in sys.stdin:
        try:
            claims = verify(line.rstrip("\n"), key, *arguments[1:4], body)
            print(json.dumps(claims))
        except Refused as reason:
            refused = 1
            print(f"refused: {reason}")
    return refused


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
