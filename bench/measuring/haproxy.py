"""HAProxy: tokens by its own converters, limits by a stick table keyed by the tenant.

The stick table's rate is an estimate over two periods. A token is verified at every request: there
is no cache of results to switch on.
"""
import shutil

from . import material as made
from . import places
from .contestant import Contestant, write


class HAProxy(Contestant):
    name, title = "haproxy", "HAProxy"

    def installed(self):
        return shutil.which("haproxy") is not None

    def version(self):
        return "HAProxy " + made.run("haproxy", "-v").split()[2].split("-")[0]

    def command(self, job, material, upstream, folder):
        tls = f" ssl crt {material.both} alpn http/1.1" if job.has_tls else ""
        server = f"unix@{upstream.path}" if job.unix else f"127.0.0.1:{places.UPSTREAM_PORT}"
        rules = self.token_rules(job, material) if job.has_token else ""
        if job.has_limit:
            rules += self.limit_rules(folder)
        path = write(folder, "haproxy.cfg", f"""global
  nbthread {job.workers}
  maxconn 9000
  ssl-default-bind-options ssl-min-ver TLSv1.3
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind 127.0.0.1:{places.PROXY_PORT}{tls}
{rules}
  default_backend up
backend up
  server up {server} pool-max-conn -1
backend tenants
  stick-table type string len 64 size 1m expire 2m store http_req_rate(60s)
""")
        return ["haproxy", "-db", "-f", path]

    @staticmethod
    def token_rules(job, material):
        key = material.publics.get(job.algorithm) or material.read("idp.secret")
        deny = "http-request deny deny_status 401"
        return f"""
  http-request del-header X-Tenant-ID
  http-request del-header X_Tenant_ID
  http-request set-var(txn.token) http_auth_bearer
  {deny} unless {{ var(txn.token),jwt_header_query('$.alg') -m str {job.algorithm} }}
  {deny} unless {{ var(txn.token),jwt_verify("{job.algorithm}","{key}") -m int 1 }}
  http-request set-var(txn.claims) var(txn.token),field(2,.),ub64dec
  {deny} unless {{ var(txn.claims),json_query('$.iss') -m str {made.ISSUER} }}
  {deny} unless {{ var(txn.claims),json_query('$.aud') -m str {made.AUDIENCE} }}
  http-request set-var(txn.exp) var(txn.claims),json_query('$.exp','int')
  http-request set-var(txn.now) date()
  {deny} unless {{ var(txn.exp) -m found }}
  {deny} if {{ var(txn.exp),sub(txn.now) -m int le 0 }}
  http-request set-var(txn.tenant) var(txn.claims),json_query('$.tenant_id')
  http-request deny deny_status 403 unless {{ var(txn.tenant) -m len ge 1 }}
  http-request set-header X-Tenant-ID %[var(txn.tenant)]
"""

    @staticmethod
    def limit_rules(folder):
        tiers = write(folder, "tiers", "".join(f"{t} {n}\n" for t, n in made.TIERS.items()))
        return f"""
  http-request set-var(txn.limit) var(txn.claims),json_query('$.tier'),map_str_int({tiers},0)
  http-request deny deny_status 403 if {{ var(txn.limit) -m int eq 0 }}
  http-request track-sc0 var(txn.tenant) table tenants
  http-request set-var(txn.rate) sc0_http_req_rate(tenants)
  http-request deny deny_status 429 if {{ var(txn.rate),sub(txn.limit) -m int gt 0 }}
"""
