"""The gateway before the court, built from this tree, with a policy, key and token of its own."""
import json
import os

import process
from process import ROOT, said

PROGRAM = os.path.join(ROOT, ".build", "debug", "ringfence-gateway")

# One route takes everything; two more show what policies can ask for on top of it.
POLICY = """version: 1
listen:
  public:
    address: 127.0.0.1:{port}
    workers: 2
    tls: none
    access_log: none
issuers:
  idp:
    issuer: https://idp.test/
    secret: file:idp.key
    audience: [api]
    algorithms: [HS256]
    tenant: {{claim: tenant_id}}
    tier: {{claim: tier}}
tenants: {{source: claims}}
upstreams:
  api: {{targets: ["http://127.0.0.1:{upstream}"]}}
tiers:
  FREE: {{requests: unlimited}}
routes:
  - {{name: api, match: {{path: /**}}, auth: idp, upstream: api}}
  - {{name: tenants, match: {{path: "/v1/tenants/{{tenant}}/**"}}, auth: idp, upstream: api}}
  - {{name: accounts, match: {{path: "/v1/accounts/{{tenant}}"}}, auth: idp, upstream: api}}
  - {{name: slashed, match: {{path: "/v1/slashed/accounts/{{tenant}}/"}}, auth: idp, upstream: api}}
  - name: injected
    match: {{path: /v1/injected/**}}
    auth: idp
    tenant: {{inject: {{query: tenant_id, json: /tenant_id, form: tenant_id}}}}
    upstream: api
"""
CLAIMS = {"iss": "https://idp.test/", "aud": "api", "sub": "u1", "tenant_id": "acme",
          "tier": "FREE"}


class Ringfence:
    name, title = "ringfence", "Ringfence"

    def __init__(self, program=PROGRAM):
        self.program = os.path.abspath(program)

    def missing(self):
        return [] if os.path.exists(self.program) else [os.path.relpath(self.program, ROOT)]

    def version(self):
        number = said(self.program, "version").split()[-1]
        commit = said("git", "-C", ROOT, "rev-parse", "--short", "HEAD")
        changed = said("git", "-C", ROOT, "status", "--porcelain", "Sources")
        return f"{number} ({commit}{', changed' if changed else ''})"

    def token(self, folder):
        """A key of this run, and a token that it signed for `acme`."""
        key = os.path.join(folder, "idp.key")
        said(self.program, "key", "create", "--algorithm", "HS256", "--private", key)
        return said(self.program, "token", "mint", "--key", key, "--algorithm", "HS256",
                    "--claims", json.dumps(CLAIMS))

    def start(self, folder, upstream):
        """Needs `token` to have made the key in this folder."""
        port = process.free_port()
        with open(os.path.join(folder, "gateway.yaml"), "w") as policy:
            policy.write(POLICY.format(port=port, upstream=upstream))
        words = [self.program, "run", "--config", folder, "--die-with-parent"]
        return process.Server(self.name, words, port, folder)
