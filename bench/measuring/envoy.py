"""Envoy: jwt_authn, rbac for "there is a tenant", local_ratelimit with one bucket per tenant.

Its bucket holds a minute's worth, so it admits up to twice the limit in the worst minute. Verified
tokens are kept only where asked for: a contestant of its own, for the profiles with tokens.
"""
import glob
import json
import os
import re

from . import material as made
from . import places
from .contestant import Contestant, write

# The package's `envoy` is a Python starter: the program itself is what is pinned and measured.
PROGRAM = os.path.join(places.BUILD, "venv/lib/python3*/site-packages/envoy/_bin/envoy")
BUCKET_MAX = 4_000_000_000
# More than any profile uses but the one that no cache helps.
CACHED_TOKENS = 20_000


def typed(name, **settings):
    return {"@type": f"type.googleapis.com/envoy.{name}", **settings}


def http_filter(name, kind, **settings):
    return {"name": f"envoy.filters.http.{name}",
            "typed_config": typed(f"extensions.filters.http.{name}.v3.{kind}", **settings)}


def header_value(name, **match):
    return {"header": {"name": name, "string_match": match}}


class Envoy(Contestant):
    name, title = "envoy", "Envoy"
    cache = {}

    @staticmethod
    def program():
        return next(iter(glob.glob(PROGRAM)), None)

    def installed(self):
        return self.program() is not None

    def version(self):
        said = made.run(self.program(), "--version")
        return "Envoy " + re.search(r"/(\d+\.\d+\.\d+)/", said)[1]

    def command(self, job, material, upstream, folder):
        manager = typed(
            "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            stat_prefix="http", generate_request_id=False, codec_type="HTTP1",
            server_header_transformation="PASS_THROUGH",
            route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{
                "match": {"prefix": "/"}, "route": {"cluster": "up", "timeout": "60s"},
                "request_headers_to_remove": ["x-bench-tier"]}]}]},
            http_filters=self.filters(job, material))
        chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager",
                              "typed_config": manager}]}
        if job.has_tls:
            chain["transport_socket"] = self.tls(material)
        target = {"pipe": {"path": upstream.path}} if job.unix else self.at(places.UPSTREAM_PORT)
        limits = {"max_connections": 10000, "max_pending_requests": 10000, "max_requests": 10000}
        path = write(folder, "envoy.json", json.dumps({"static_resources": {
            "listeners": [{"name": "public", "address": self.at(places.PROXY_PORT),
                           "filter_chains": [chain]}],
            "clusters": [{"name": "up", "type": "STATIC", "connect_timeout": "5s",
                          "circuit_breakers": {"thresholds": [limits]},
                          "load_assignment": {"cluster_name": "up", "endpoints": [
                              {"lb_endpoints": [{"endpoint": {"address": target}}]}]}}]}}))
        return [self.program(), "-c", path, "--concurrency", str(job.workers),
                "--disable-hot-restart", "-l", "error"]

    @staticmethod
    def at(port):
        return {"socket_address": {"address": "127.0.0.1", "port_value": port}}

    @staticmethod
    def tls(material):
        pair = {"certificate_chain": {"filename": material.certificate},
                "private_key": {"filename": material.key}}
        return {"name": "envoy.transport_sockets.tls", "typed_config": typed(
            "extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            common_tls_context={"tls_params": {"tls_minimum_protocol_version": "TLSv1_3"},
                                "alpn_protocols": ["http/1.1"], "tls_certificates": [pair]})}

    def filters(self, job, material):
        filters = []
        if job.has_token:
            filters += self.token_filters(job, material)
        if job.has_limit:
            filters.append(self.limit_filter())
        return filters + [http_filter("router", "Router", suppress_envoy_headers=True)]

    def token_filters(self, job, material):
        spoofs = [{"remove": name} for name in ("x-tenant-id", "x_tenant_id", "x-bench-tier")]
        provider = {
            "issuer": made.ISSUER, "audiences": [made.AUDIENCE], "forward": True,
            "local_jwks": {"filename": material.key_sets[job.algorithm]},
            "require_expiration": True, "clock_skew_seconds": 1,
            "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
            "claim_to_headers": [{"header_name": "x-tenant-id", "claim_name": "tenant_id"},
                                 {"header_name": "x-bench-tier", "claim_name": "tier"}]}
        provider |= self.cache
        principals = [header_value("x-tenant-id", safe_regex={"regex": "[A-Za-z0-9_.:@-]+"})]
        if job.has_limit:
            principals.append({"or_ids": {"ids": [header_value("x-bench-tier", exact=tier)
                                                  for tier in made.TIERS]}})
        policy = {"permissions": [{"any": True}], "principals": [{"and_ids": {"ids": principals}}]}
        return [
            http_filter("header_mutation", "HeaderMutation",
                        mutations={"request_mutations": spoofs}),
            http_filter("jwt_authn", "JwtAuthentication", providers={"idp": provider}, rules=[
                {"match": {"prefix": "/"}, "requires": {"provider_name": "idp"}}]),
            http_filter("rbac", "RBAC", rules={"action": "ALLOW", "policies": {"tenant": policy}})]

    @staticmethod
    def limit_filter():
        def bucket(count):
            return {"max_tokens": count, "tokens_per_fill": count, "fill_interval": "60s"}

        def always(key):
            return {"default_value": {"numerator": 100}, "runtime_key": key}

        actions = [{"request_headers": {"header_name": f"x-{name}", "descriptor_key": key}}
                   for name, key in (("bench-tier", "tier"), ("tenant-id", "tenant"))]
        return http_filter(
            "local_ratelimit", "LocalRateLimit", stat_prefix="limit",
            token_bucket=bucket(BUCKET_MAX), filter_enabled=always("on"),
            filter_enforced=always("enforced"), always_consume_default_token_bucket=False,
            max_dynamic_descriptors=20000, rate_limits=[{"actions": actions}],
            descriptors=[{"entries": [{"key": "tier", "value": tier}, {"key": "tenant"}],
                          "token_bucket": bucket(min(most, BUCKET_MAX))}
                         for tier, most in made.TIERS.items()])


class CachingEnvoy(Envoy):
    name, title = "envoy-cache", "Envoy, token cache"
    cache = {"jwt_cache_config": {"jwt_cache_size": CACHED_TOKENS}}

    def can(self, job):
        return job.has_token and super().can(job)

    def version(self):
        return super().version() + ", token cache"
