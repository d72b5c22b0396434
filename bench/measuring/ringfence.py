"""Ringfence."""
import os

from . import material as made
from . import places
from .contestant import Contestant, write


class Ringfence(Contestant):
    name, title = "ringfence", "Ringfence"

    def can(self, job):
        return job.mode in self.modes

    def installed(self):
        return os.path.exists(places.GATEWAY)

    def version(self):
        number = made.run(places.GATEWAY, "version").split()[-1]
        commit = made.run("git", "-C", places.ROOT, "rev-parse", "--short", "HEAD").strip()
        changed = made.run("git", "-C", places.ROOT, "status", "--porcelain", "Sources")
        return f"Ringfence {number} ({commit}{', changed' if changed else ''})"

    def command(self, job, material, upstream, folder):
        tls = "none"
        if job.has_tls:
            tls = (f'{{certificate: "file:{material.certificate}", key: "file:{material.key}", '
                   'profile: modern}')
        target = f"unix:{upstream.path}" if job.unix else f"http://127.0.0.1:{places.UPSTREAM_PORT}"
        policy = f"""version: 1
listen:
  public:
    address: 127.0.0.1:{places.PROXY_PORT}
    workers: {job.workers}
    access_log: none
    tls: {tls}
    limits: {{handshakes: unlimited}}
upstreams: {{up: {{targets: ["{target}"]}}}}
"""
        if job.has_token:
            policy += self.issuer(job, material)
        if job.signed:
            policy += f'assertion: {{to: [up], key: "file:{material.assertion}"}}\n'
        policy += "routes:\n" + self.routes(job)
        write(folder, "gateway.yaml", policy)
        return [places.GATEWAY, "run", "--config", folder]

    @staticmethod
    def issuer(job, material):
        keys = f'jwks: "file:{material.key_sets[job.algorithm]}"'
        if job.algorithm == "HS256":
            keys = f'secret: "file:{material.shared}"'
        tiers = "".join(
            f"  {tier}: {{requests: {f'{most}/min' if job.has_limit else 'unlimited'}}}\n"
            for tier, most in made.TIERS.items())
        return f"""issuers:
  idp:
    issuer: {made.ISSUER}
    {keys}
    audience: [{made.AUDIENCE}]
    algorithms: [{job.algorithm}]
    tenant: {{claim: tenant_id}}
    tier: {{claim: tier}}
tenants: {{source: claims}}
tiers:
{tiers}"""

    @staticmethod
    def routes(job):
        auth = "auth: idp" if job.has_token else "auth: none, reason: bench"
        paths = ["/**"] if job.routes == 1 else [f"/r{i}/**" for i in range(job.routes)]
        # One route says that bodies pass; thousands leave it out, for the size of the file.
        body = "body: {clean: false}, " if job.routes == 1 and not job.cleaned else ""
        return "".join(f"- {{name: r{i}, match: {{path: {path}}}, {auth}, {body}upstream: up}}\n"
                       for i, path in enumerate(paths))
