"""Certificates, keys and tokens of one session. All of it is made anew and thrown away after."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import time

from . import places
from .order import order

ISSUER, AUDIENCE = "https://idp.bench/", "bench"
LIFETIME_SECONDS = 12 * 3600
# Requests a minute. Load runs in a tier whose limit is counted and never reached.
TIERS = {"STARTER": 100, "ENTERPRISE": 1_000_000_000}


def run(*words, **more):
    result = subprocess.run(words, capture_output=True, text=True, **more)
    if result.returncode:
        raise SystemExit(f"{' '.join(words[:3])}...: {result.stderr.strip()}")
    return result.stdout


def encoded(data):
    if not isinstance(data, bytes):
        data = json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def halves(der):
    """R || S of RFC 7518 from the DER of an ECDSA signature of P-256."""
    first = 4 + der[3]
    r, s = der[4:first], der[first + 2:first + 2 + der[first + 1]]
    return b"".join(int.from_bytes(half, "big").to_bytes(32, "big") for half in (r, s))


class Material:
    """The files in one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate, self.key = self.file("tls.crt"), self.file("tls.key")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key, "-out",
            self.certificate)
        self.both = self.write("both.pem", self.read("tls.crt") + self.read("tls.key"))
        self.private, self.public = self.file("idp.key"), self.file("idp.pub")
        run("openssl", "genrsa", "-out", self.private, "2048")
        run("openssl", "rsa", "-in", self.private, "-pubout", "-out", self.public)
        self.curve_private, self.curve_public = self.file("curve.key"), self.file("curve.pub")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-out", self.curve_private)
        run("openssl", "pkey", "-in", self.curve_private, "-pubout", "-out", self.curve_public)
        self.shared = self.write("idp.secret", os.urandom(32).hex())
        self.assertion = self.write("assertion.key", os.urandom(32).hex())
        self.publics = {"RS256": self.public, "ES256": self.curve_public}
        self.key_sets = {"RS256": self.write("rs.json", self.rsa_keys()),
                         "ES256": self.write("es.json", self.curve_keys()),
                         "HS256": self.write("hs.json", self.shared_keys())}
        self.token_files = {}

    def file(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.file(name)) as opened:
            return opened.read()

    def write(self, name, text):
        with open(os.open(self.file(name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600),
                  "w") as opened:
            opened.write(text)
        return self.file(name)

    def rsa_keys(self):
        modulus = run("openssl", "rsa", "-in", self.private, "-noout", "-modulus")
        number = bytes.fromhex(modulus.strip().split("=")[1])
        return json.dumps({"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1",
                                     "n": encoded(number), "e": "AQAB"}]})

    def curve_keys(self):
        # The last 64 bytes of a SubjectPublicKeyInfo of P-256 are the point.
        point = base64.b64decode("".join(self.read("curve.pub").splitlines()[1:-1]))[-64:]
        return json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
                                     "kid": "k1", "x": encoded(point[:32]),
                                     "y": encoded(point[32:])}]})

    def shared_keys(self):
        secret = self.read("idp.secret").encode()
        return json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "use": "sig", "kid": "k1",
                                     "k": encoded(secret)}]})

    def tokens(self, algorithm, count, tenants):
        """A file with `count` tokens of `tenants` tenants, one a line."""
        name = f"tokens-{algorithm}-{count}-{tenants}"
        if name not in self.token_files:
            key = {"RS256": self.private, "ES256": self.curve_private,
                   "HS256": self.shared}[algorithm]
            with open(self.file(name), "w") as opened:
                subprocess.run([os.path.join(places.BUILD, "mint"), algorithm, key, str(count),
                                str(tenants), str(int(time.time()) + LIFETIME_SECONDS)],
                               stdout=opened, check=True)
            self.token_files[name] = self.file(name)
        return self.token_files[name]

    def order(self, size):
        """A file with a JSON document of so many bytes."""
        return self.write(f"order-{size}.json", order(size))

    def claims(self, tenant, tier="ENTERPRISE", **other):
        now = int(time.time())
        return {"iss": ISSUER, "aud": AUDIENCE, "sub": "user", "tenant_id": tenant, "tier": tier,
                "iat": now, "exp": now + 3600} | other

    def token(self, algorithm, claims, head=None, key=None):
        """One token for the checks, signed right or as wrong as asked for."""
        head = head or {"alg": algorithm, "typ": "JWT", "kid": "k1"}
        text = encoded(head) + "." + encoded(claims)
        if algorithm != "HS256":
            private = self.private if algorithm == "RS256" else self.curve_private
            signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", private],
                                       input=text.encode(), capture_output=True, check=True).stdout
            if algorithm == "ES256":
                signature = halves(signature)
        else:
            secret = key or self.read("idp.secret").encode()
            signature = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        return text + "." + encoded(signature)
