"""The attacks: one request each, in which the token says `acme` and something else says `evil`.

An id is a vector of the catalogue (docs/conformance.md has the same numbers) and a letter. A row is
bytes as they go over the wire; `{host}` and `{auth}` stand for the lines that every request has.
Whoever is asked has to answer as if `evil` had never been written, or to refuse.
"""
import gzip
import zlib
from dataclasses import dataclass

HEADERS, ODD_NAMES = "header spellings", "underscore names"
OTHERS = "other tenant names"
HOPS, LINES, TRAILERS = "Connection tricks", "malformed lines", "trailers"
OVERRIDES = "override headers"
QUERY, SPELLED, ENCODED = "query", "other spellings in queries", "encoded names in queries"
PATH, COOKIES = "path", "cookies"
FORM, MULTIPART = "form", "multipart"
JSON, DUPLICATES, TYPES = "JSON", "JSON duplicates", "types and codings"
FRAMING = "framing"
GROUPS = [HEADERS, ODD_NAMES, HOPS, LINES, TRAILERS, QUERY, SPELLED, ENCODED, PATH, COOKIES, FORM,
          MULTIPART, JSON, DUPLICATES, TYPES, FRAMING, OVERRIDES, OTHERS]


@dataclass(frozen=True)
class Attack:
    id: str
    group: str
    template: bytes

    def bytes(self, token):
        return (self.template.replace(b"{host}", b"Host: api.test\r\n")
                .replace(b"{auth}", b"Authorization: Bearer " + token.encode() + b"\r\n"))


def raw(group, vector, *texts):
    """A row for each text, lettered when there are several."""
    return [Attack(vector + (letters(number) if len(texts) > 1 else ""), group,
                   text if isinstance(text, bytes) else text.encode("latin-1"))
            for number, text in enumerate(texts)]


def letters(number):
    return (letters(number // 26 - 1) if number > 25 else "") + chr(97 + number % 26)


def head(lines, target="/v1/orders", method="GET"):
    return f"{method} {target} HTTP/1.1\r\n{{host}}{{auth}}{lines}\r\n"


def fields(group, vector, *blocks):
    """Rows of header lines; each block ends its own lines."""
    return raw(group, vector, *(head(block) for block in blocks))


def named(group, vector, *names):
    return fields(group, vector, *(f"{name}: evil\r\n" for name in names))


def targets(group, vector, *all_of_them, method="GET"):
    return raw(group, vector, *(head("", target, method) for target in all_of_them))


def queries(group, vector, *names):
    return targets(group, vector, *(f"/v1/orders?x=1&{name}=evil&y=2" for name in names))


def body(kind, content, method="POST", lines="", target="/v1/orders"):
    content = content if isinstance(content, bytes) else content.encode()
    kind = f"Content-Type: {kind}\r\n" if kind else ""
    return head(f"{kind}{lines}Content-Length: {len(content)}\r\n", target, method
                ).encode("latin-1") + content


def chunked(pieces, lines="", trailers="", kind="application/json"):
    """A chunked body of pieces of text; `trailers` ends its own lines."""
    text = "".join(f"{len(piece):x}\r\n{piece}\r\n" for piece in pieces)
    return head(f"Content-Type: {kind}\r\n{lines}Transfer-Encoding: chunked\r\n", method="POST"
                ) + f"{text}0\r\n{trailers}\r\n"


def bodies(group, vector, kind, *contents):
    return raw(group, vector, *(body(kind, content) for content in contents))


def json(group, vector, *contents):
    return bodies(group, vector, "application/json", *contents)


def forms(group, vector, *contents):
    return bodies(group, vector, "application/x-www-form-urlencoded", *contents)


def part(disposition, value="evil", more=""):
    """A multipart body with an innocent part and one with this disposition."""
    return ('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'
            f"--b\r\n{disposition}\r\n{more}\r\n{value}\r\n--b--\r\n")


def parts(vector, *contents):
    return bodies(MULTIPART, vector, "multipart/form-data; boundary=b", *contents)


def faced(boundary):
    """One innocent part between these boundaries, and in it a whole body whose boundary is b."""
    evil = ('--b\r\nContent-Disposition: form-data; name="tenant_id"\r\n\r\nevil\r\n'
            "--b--\r\n")
    return (f'--{boundary}\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n{evil}'
            f"\r\n--{boundary}--\r\n")


def two_faced():
    """Types whose boundary is `c` to one reader and `b` to another."""
    rows = [(f"multipart/form-data; {parameters}", faced("c")) for parameters in (
        "xboundary=b; boundary=c", 'x="boundary=b"; boundary=c', 'x=";boundary=b;"; boundary=c',
        "boundary=c; xboundary=b", 'boundary=c; x="; boundary=b"', "boundary*=utf-8''b; boundary=c",
        "boundary=c; boundary*=utf-8''b", "boundary*0=b; boundary=c", "boundary =b; boundary=c",
        "boundary=c; boundary\t=b", "boundary=c, multipart/form-data; boundary=b",
        "x-boundary=b;boundary=c", "x=boundary; boundary=c; y=b")]
    rows += [(f'multipart/form-data; boundary="{text}"', faced(text)) for text in (
        "b,c", "b,", "=?utf-8?q?b?=", "=?utf-8?b?Yg==?=")]
    return raw(MULTIPART, "B18-faced", *(body(kind, content) for kind, content in rows))


def dispositions(vector, *parameters):
    return parts(vector, *(part(f"Content-Disposition: form-data; {each}") for each in parameters))


# Inside another request. Its field is one that every gateway overwrites where it sees the request.
SMUGGLED = "GET /v1/orders HTTP/1.1\r\nHost: api.test\r\nX-Tenant-ID: evil\r\n\r\n"
# What else a tenant is called; the list of docs/tenant-names.md has more.
OTHER_NAMES = ("tenant", "org_id", "organizationId", "account_id", "workspace_id",
               "customerExternalId", "app.current_tenant")
WHOLE = '{"tenant_id":"evil","x":1}'


def in_headers():
    return [
        *named(HEADERS, "H1", "X-Tenant-ID"),
        *named(HEADERS, "H2", "x-tenant-id", "X-TENANT-ID", "x-TeNaNt-Id"),
        *named(OTHERS, "H2-other", "XTenantID", "X-TenantId", "x-tenantid"),
        *fields(HEADERS, "H3", "X-Tenant-ID: evil\r\nX-Tenant-ID: evil\r\n",
                "X-Tenant-ID: acme\r\nX-A: b\r\nX-Tenant-ID: evil\r\n",
                "X-Tenant-ID: evil\r\nX-A: b\r\nX-Tenant-ID: acme\r\n",
                "X-Tenant-ID:\r\nX-Tenant-ID: evil\r\n", "X-Tenant-ID: acme, evil\r\n"),
        *named(ODD_NAMES, "H4", "X_Tenant_ID", "X-Tenant_ID", "X_Tenant-ID", "x_tenant_id",
               "X.Tenant.ID", "X!Tenant!ID", "X~Tenant~ID", "X|Tenant|ID", "X+Tenant+ID"),
        *named(OTHERS, "H4-other", "Tenant_Id", "tenant_id", "HTTP_X_TENANT_ID", "X_Org_Id"),
        *fields(ODD_NAMES, "H4-both", "X_Tenant_ID: evil\r\nX-Tenant-ID: acme\r\n",
                "X-Tenant-ID: acme\r\nX_Tenant_ID: evil\r\n",
                "X-Tenant_ID: evil\r\nX_Tenant-ID: evil\r\nX-Tenant-ID: evil\r\n"),
        *fields(HOPS, "H5", "Connection: close, X-Tenant-ID\r\n",
                "Connection: close, X-Tenant-ID\r\nX-Tenant-ID: evil\r\n",
                "Connection: X-Tenant-ID\r\nX-Tenant-ID: evil\r\n"),
        *fields(HOPS, "H6", "Connection: close\r\nConnection: X-Tenant-ID\r\n",
                "Connection: \r\nConnection: X-Tenant-ID\r\nX-Tenant-ID: evil\r\n",
                "connection:\tx-tenant-id\r\n", "Connection: ,,X-TENANT-ID ,\r\n",
                "Proxy-Connection: X-Tenant-ID\r\nX-Tenant-ID: evil\r\n",
                "Connection: keep-alive, X-Tenant-ID, Host\r\nX-Tenant-ID: evil\r\n",
                "Connection: upgrade, http2-settings, x-tenant-id\r\nUpgrade: h2c\r\n"
                "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nX-Tenant-ID: evil\r\n"),
        *named(OTHERS, "H16", "X-Scope-OrgID", "X-Org-Id", "X-Organization-Id", "X-Account-Id",
               "X-Customer-External-Id", "Thanos-Tenant", "Tenant", "X-Tenant", "Tenant-ID",
               "X-Workspace-Id", "X-Tenant-Name", "X-Tenant-Slug", "X-Tenant-UUID",
               "Grpc-Metadata-X-Tenant-Id", "Grpc-Metadata-Tenant-Id", "Org-Id", "Account-ID"),
        *fields(OVERRIDES, "H17", "X-Original-URL: /v1/tenants/evil/orders\r\n",
                "X-Rewrite-URL: /v1/tenants/evil/orders\r\n",
                "X-Forwarded-Uri: /v1/tenants/evil/orders\r\n",
                "X-Forwarded-Prefix: /v1/tenants/evil\r\n",
                "X-Original-URL: /v1/orders?tenant_id=evil\r\n"),
        *fields(OVERRIDES, "H18", "baggage: tenant_id=evil\r\n",
                "baggage: a=1,tenant_id=evil;p=1\r\n"),
        *fields(HEADERS, "H20", "".join(f"X-A{n}: b\r\n" for n in range(90)) +
                "X-Tenant-ID: evil\r\n"),
    ]


def in_lines():
    return [
        *named(LINES, "H7", "X-Tenant-ID ", "X-Tenant-ID\t", "X-Tenant-ID  \t"),
        *raw(LINES, "H8", "GET /v1/orders HTTP/1.1\r\n X-Tenant-ID: evil\r\n{host}{auth}\r\n"),
        *fields(LINES, "H9", "X-A: b\r\n X-Tenant-ID: evil\r\n", "X-Tenant-ID:\r\n evil\r\n",
                "X-A: b\r\n\tX-Tenant-ID: evil\r\n"),
        *fields(LINES, "H10", "X-A: b\nX-Tenant-ID: evil\r\n", "X-Tenant-ID: evil\n"),
        *fields(LINES, "H11", "X-A: b\rX-Tenant-ID: evil\r\n", "X-A: b\r\rX-Tenant-ID: evil\r\n"),
        *fields(LINES, "H12", "X-A: b\0\r\nX-Tenant-ID: evil\r\n", "X-Tenant-ID\0: evil\r\n",
                "X-Tenant-ID: evil\0\r\n", "X-A: b\x0bX-Tenant-ID: evil\r\n",
                "X-Tenant-ID\x7f: evil\r\n"),
        *fields(LINES, "H13", "X-Tenant-ID\xad: evil\r\n", "\xef\xbc\xb8-Tenant-ID: evil\r\n",
                "\xc1\x98-Tenant-ID: evil\r\n"),
        *fields(LINES, "H14", ": evil\r\nX-Tenant-ID: evil\r\n", "X-A\r\nX-Tenant-ID: evil\r\n",
                "   \r\nX-Tenant-ID: evil\r\n"),
        *fields(LINES, "H19", "User-Agent: x%0d%0aX-Tenant-ID: evil\r\n"),
        *raw(TRAILERS, "H15",
             chunked(["ok"], trailers="X-Tenant-ID: evil\r\n", kind="text/plain"),
             chunked(['{"x":1}'], trailers="X-Tenant-ID: evil\r\n"),
             chunked(['{"x":1}'], "Trailer: X-Tenant-ID\r\n", "X-Tenant-ID: evil\r\n"),
             chunked(['{"x":1}'], "TE: trailers\r\nConnection: TE\r\nTrailer: X-Tenant-ID\r\n",
                     "X-Tenant-ID: evil\r\n"),
             chunked(['{"x":1}'], "", "X_Tenant_ID: evil\r\nTenant: evil\r\n"),
             chunked(["x=1"], "", "Cookie: tenant_id=evil\r\nX-Tenant-ID: evil\r\n",
                     "application/x-www-form-urlencoded")),
    ]


def in_targets():
    many = "&".join(f"a{n}=1" for n in range(700))
    return [
        *targets(QUERY, "Q1", "/v1/orders?tenant_id=evil", "/v1/orders?x=1&tenant_id=evil&y=2"),
        *raw(QUERY, "Q1-method", *(head("", "/v1/orders?tenant_id=evil", method)
                                   for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"))),
        *targets(QUERY, "Q2", "/v1/orders?tenant_id=acme&tenant_id=evil",
                 "/v1/orders?tenant_id=evil&tenant_id=acme",
                 "/v1/orders?tenant_id=acme&x=1&tenant_id=evil&tenantId=evil",
                 "/v1/orders?x=1" + "&tenant_id=evil" * 50),
        *queries(ENCODED, "Q3", "%74enant_id", "tenant%5Fid", "tenant%5fid", "ten%61nt_id",
                 "%74%65%6e%61%6e%74%5f%69%64", "%54ENANT%5FID", "tenant%2Did", "tenant%2Eid"),
        *queries(SPELLED, "Q4", "Tenant_Id", "TENANT_ID", "TENANTID", "tenantId", "tenant-id",
                 "TenantID", "X-Tenant-ID", "x_tenant_id", "tenant.id", "tenantid"),
        *queries(OTHERS, "Q4-other", *OTHER_NAMES),
        *queries(ENCODED, "Q4-space", "+tenant_id", "%20tenant_id", "tenant_id+", "tenant+id",
                 "tenant%20id", "%09tenant_id"),
        *queries(SPELLED, "Q5", "tenant_id[]", "tenant_id[0]", "tenant_id[$ne]", "tenant_id[$in][]",
                 "filter[tenant_id]", "a[b][tenant_id]", "[tenant_id]", "tenant_id[id]",
                 "where.tenant_id", "tenant_id.eq", "tenant_id__in", "tenant_id[", "tenant[id]",
                 "filter(tenant_id)", "tenant_id:eq", "x[tenant_id", "tenant_id]", "x.y[tenant_id]",
                 "a[b][c][d][e][f][g][tenant_id]", "a[tenant_id]b", "[][tenant_id]", "a[]tenant_id",
                 "tenant[id", "tenant_id[a][b]"),
        *queries(ENCODED, "Q5-encoded", "tenant_id%5B%5D", "tenant_id%5b0%5d",
                 "filter%5Btenant_id%5D", "%5Btenant_id%5D", "tenant_id%5B",
                 "a%5Bb%5D%5Btenant%5D"),
        *targets(QUERY, "Q6", "/v1/orders?a=1;tenant_id=evil", "/v1/orders?tenant_id;=evil",
                 "/v1/orders?a;tenant_id=evil;b", "/v1/orders?;tenant_id=evil",
                 "/v1/orders?a=1&amp;tenant_id=evil"),
        *queries(SPELLED, "Q6-equals", "a[b=c][tenant_id]", "a[=][tenant_id]", "a=[tenant_id]",
                 "a[=?tenant_id]", "a[b=c%5D[tenant_id]", "a[b=c]=1][tenant_id]"),
        *targets(QUERY, "Q7", "/v1/orders?tenant_id==evil", "/v1/orders?&&tenant_id=evil&&",
                 "/v1/orders?=x&tenant_id=evil", "/v1/orders??tenant_id=evil",
                 "/v1/orders?tenant_id=&tenant_id=evil", "/v1/orders?x=1?&tenant_id=evil"),
        *queries(ENCODED, "Q8", "tenant%255Fid", "%2574enant_id", "%25%37%34enant_id",
                 "filter%255Btenant_id%255D", "tenant_id%255B%255D"),
        *queries(ENCODED, "Q9", "%ZZ=1&tenant_id", "%=1&tenant_id", "%2&tenant_id",
                 "%u0074enant_id", "tenant_id%", "tenant_id%2"),
        *queries(ENCODED, "Q10", "tenant_id%00", "tenant_id%00x", "%00tenant_id",
                 "tenant_id%0d%0a", "tenant%00_id"),
        *targets(QUERY, "Q11", "/v1/orders?a=1#&tenant_id=evil", "/v1/orders#?tenant_id=evil",
                 "/v1/orders?a=1%23&tenant_id=evil"),
        *targets(QUERY, "Q12", f"/v1/orders?{many}&tenant_id=evil",
                 f"/v1/orders?tenant_id=evil&{many}&tenant_id=evil"),
        *targets(QUERY, "Q13", "/v1/injected/orders?tenant_id=evil",
                 "/v1/injected/orders?x=1&tenantId=evil&tenant_id=evil"),
        *raw(QUERY, "Q14", body("application/x-www-form-urlencoded", "tenant_id=evil&x=1",
                                target="/v1/orders?tenant_id=evil"),
             body("application/json", WHOLE, target="/v1/orders?tenant_id=evil")),
        *raw(QUERY, "S15", "GET /v1/orders?tenant_id=evil\r\n"),
        *targets(QUERY, "P7", "http://api.test/v1/orders?tenant_id=evil"),
        *targets(PATH, "P1", "/v1/tenants/evil/orders", "/v1/tenants/%65vil/orders",
                 "/v1/tenants/%65%76%69%6c/orders", "/v1/tenants/evil/orders?x=1",
                 "/v1/tenants/evil", "/v1/tenants/evil/", "/v1/tenants/evil.json/orders",
                 "/v1/accounts/evil", "/v1/accounts/evil/", "/v1/accounts/evil;/",
                 "/v1/Accounts/evil/", "/v1/slashed/accounts/evil", "/v1/slashed/accounts/evil/"),
        *targets(PATH, "P2", "/v1/tenants/acme/../evil/orders", "/v1/tenants/./evil/orders",
                 "/v1/tenants/acme/orders/../../evil/orders", "/v1/x/../tenants/evil/orders"),
        *targets(PATH, "P3", "/v1/tenants/acme/%2e%2e/evil/orders",
                 "/v1/tenants/acme/.%2e/evil/orders", "/v1/tenants/acme/%2E./evil/orders",
                 "/v1/tenants/acme%2f..%2fevil/orders", "/v1/tenants/acme/..%2fevil/orders",
                 "/v1/tenants/acme/..%5cevil/orders", "/v1/tenants/acme/..\\evil/orders",
                 "/v1/tenants/acme/%252e%252e/evil/orders", "/v1/tenants%2fevil/orders",
                 "/v1/%74enants/evil/orders"),
        *targets(PATH, "P4", "/v1//tenants/evil/orders", "/v1/tenants//evil/orders",
                 "//v1/tenants/evil/orders", "/v1/tenants/evil%00acme/orders",
                 "/V1/Tenants/evil/orders"),
        *targets(PATH, "P5", "/v1/tenants/acme;tenant_id=evil/orders",
                 "/v1;tenant_id=evil/orders", "/v1/orders;tenant_id=evil",
                 "/v1/orders;a=1;tenantId=evil", "/v1/orders;%74enant_id=evil",
                 "/v1/tenants/evil;x=1/orders", "/v1/tenants;x=1/evil/orders",
                 "/v1/orders%3btenant_id=evil", "/v1/tenants;/evil/orders",
                 "/v1/tenants/acme/orders;a=1;b;tenant_id=evil;c", "/v1/orders;=;tenant_id=evil",
                 "/V1;x=1/tenants/evil/orders", "/v1/TENANTS;/evil/orders"),
    ]


def in_cookies():
    return [
        *fields(COOKIES, "C1", *(f"Cookie: {text}\r\n" for text in (
            "tenant_id=evil", "s=1; tenant_id=evil; t=2", "X-Tenant-ID=evil", "tenantId=evil",
            "TENANT_ID=evil", "tenant.id=evil", "tenant_id[]=evil",
            "tenant_id[a]=evil", "%74enant_id=evil", "tenant%5Fid=evil", "filter[tenant_id]=evil",
            "__Host-tenant_id=evil", "__Secure-tenant_id=evil"))),
        *fields(COOKIES, "C2", "Cookie: s=1\r\nCookie: tenant_id=evil\r\n",
                "Cookie: tenant_id=evil\r\nCookie: s=1\r\n",
                "Cookie: tenant_id=acme; tenant_id=evil\r\n",
                "Cookie: tenant_id=evil; tenant_id=acme\r\n"),
        *fields(OTHERS, "C1-other", *(f"Cookie: {name}=evil\r\n" for name in OTHER_NAMES)),
        *fields(COOKIES, "C4", *(f"Cookie: {text}\r\n" for text in (
            "=tenant_id=evil", " tenant_id = evil", 'tenant_id="evil"', 's="a; tenant_id=evil"',
            "s=1;tenant_id=evil", "s=1,tenant_id=evil", "s=1 tenant_id=evil", "$Version=1; "
            "tenant_id=evil; $Path=/", ";;tenant_id=evil;;", "s=1;\ttenant_id=evil",
            "; ".join(f"a{n}=1" for n in range(200)) + "; tenant_id=evil"))),
    ]


def in_forms():
    return [
        *forms(FORM, "B17", *(text + "=evil&x=1" for text in (
            "tenant_id", "tenantId", "Tenant_Id", "TENANT_ID", "tenant-id", "tenant.id",
            "X-Tenant-ID", "%74enant_id", "tenant%5Fid", "tenant_id[]", "tenant_id%5B%5D",
            "tenant_id[0]", "filter[tenant_id]", "[tenant_id]", "+tenant_id", "%20tenant_id",
            "tenant+id", "tenant%255Fid", "tenant_id%00", "%ZZ=1&tenant_id", "a=1;tenant_id",
            "&&tenant_id", "=&tenant_id", "tenant_id[$ne]", "a[b=c][tenant_id]", "a=[tenant_id]"))),
        *forms(OTHERS, "B17-other", *(f"{name}=evil&x=1" for name in OTHER_NAMES)),
        *forms(FORM, "B17-more", "tenant_id=acme&tenant_id=evil", "tenant_id=evil&tenant_id=acme",
               "x=1" + "&tenant_id=evil" * 50, "tenant_id==evil", "x=1&tenant_id=evil\r\n",
               "x=1\r\ntenant_id=evil", "?tenant_id=evil", "_charset_=utf-7&tenant_id=evil",
               "&".join(f"a{n}=1" for n in range(900)) + "&tenant_id=evil"),
        *raw(FORM, "B17-type", *(body(kind, "tenant_id=evil&x=1") for kind in (
            "application/x-www-form-urlencoded; charset=UTF-8", "APPLICATION/X-WWW-FORM-URLENCODED",
            "application/x-www-form-urlencoded;charset=utf-16", " application/x-www-form-urlencoded"
        ))),
        *raw(FORM, "B23-form", *(body("application/x-www-form-urlencoded",
                                       "tenant_id=evil&x=1", method)
                                 for method in ("PUT", "PATCH", "DELETE", "GET"))),
        *raw(FORM, "B17-injected", body("application/x-www-form-urlencoded", "tenant_id=evil&x=1",
                                        target="/v1/injected/orders")),
        *raw(FORM, "B24-form", chunked(["tena", "nt_id=", "evil&x=1"],
                                  kind="application/x-www-form-urlencoded")),
        *dispositions("B18", 'name="tenant_id"', "name=tenant_id", "name='tenant_id'",
                      'NAME="tenant_id"', 'name = "tenant_id"', 'name="tenant_id";',
                      ' \tname="tenant_id"', 'name="tenant_id[]"', 'name="filter[tenant_id]"',
                      'name="tenantId"', 'name="Tenant-ID"', 'name="tenant.id"',
                      'name=" tenant_id"', 'name="tenant_id "',
                      'name="tenant_id"; filename="a.txt"', 'name="tenant"'),
        *dispositions("B19", 'name="x"; name="tenant_id"', 'name="tenant_id"; name="x"',
                      'name="tenant\\_id"', 'name="tenant%5Fid"', "name*=utf-8''tenant%5fid",
                      "name=\"x\"; name*=utf-8''tenant%5fid", 'name="ten\\ant_id"',
                      "name*0=\"tenant\"; name*1=\"_id\"", 'name="=?utf-8?q?tenant=5Fid?="',
                      'name="te"nant_id', 'filename="a; name=tenant_id"; name="x"',
                      'filename="a; name=\'tenant_id\'"; name="x"',
                      'filename="a\\"; name=\\"tenant_id"; name="x"',
                      'name="x"; filename="; name=tenant_id;"', 'name="x" ; name ="tenant_id"',
                      'filename=a name="tenant_id"; name="x"', 'xname="tenant_id"; name="x"',
                      'name="x"; x="1; name=tenant_id"', 'name=x name=tenant_id',
                      'name="x"name="tenant_id"', "name=x,name=tenant_id", 'name=x\tname=tenant_id',
                      'name="x;tenant_id"', 'name="x&tenant_id"', 'name="C:\\tenant_id"',
                      'name="x/tenant_id"', 'name=""; name="tenant_id"', 'filename="tenant_id"',
                      'name="x; name=tenant_id"', 'name="x;name=tenant_id;"',
                      'name="x"; filename="a.txt;\tname=tenant_id"',
                      'name="x"; filename="a.txt; NAME = tenant_id"',
                      "name=\"x\"; filename*=utf-8''a%3b%20name=tenant_id",
                      "name=\"x\"; filename*=utf-8''a;name=tenant_id",
                      'name="x"; filename="a; filename=b; name*=utf-8\'\'tenant_id"'),
        *parts("B18-shape", part('content-disposition: FORM-DATA; name="tenant_id"'),
               part('Content-Disposition:form-data;name="tenant_id"'),
               part('Content-Disposition: form-data;\r\n name="tenant_id"'),
               part('Content-Disposition : form-data; name="tenant_id"'),
               part('Content-Disposition: form-data; name="x"\r\n'
                    'Content-Disposition: form-data; name="tenant_id"'),
               part('Content-Disposition: attachment; name="tenant_id"'),
               part('Content-Disposition: form-data; name="tenant_id"',
                    more="Content-Transfer-Encoding: base64\r\n", value="ZXZpbA=="),
               part('X-A: Content-Disposition: form-data; name=tenant_id\r\n'
                    'Content-Disposition: form-data; name="x"'),
               part('X-Content-Disposition: form-data; name=tenant_id\r\n'
                    'Content-Disposition: form-data; name="x"'),
               part('Content-Disposition: form-data; name="x"\r\n'
                    'X-A: Content-Disposition: form-data; name=tenant_id'),
               part('Content-Type: text/plain; a="Content-Disposition: form-data; '
                    'name=tenant_id"\r\nContent-Disposition: form-data; name="x"'),
               part('Content-Disposition: form-data; name="x"',
                    more='Content-Type: text/plain; name="tenant_id"\r\n'),
               part('Content-Disposition: form-data; name="x"',
                    more="Content-ID: tenant_id\r\n"),
               part("Content-ID: <tenant_id>\r\nContent-Type: text/plain"),
               part('Content-Disposition: form-data; name="tenant_id"').replace("\r\n", "\n"),
               part('Content-Disposition: form-data; name="tenant_id"') + "after\r\n",
               "before\r\n" + part('Content-Disposition: form-data; name="tenant_id"'),
               part('Content-Disposition: form-data; name="tenant_id"').replace("--b--\r\n", ""),
               part('Content-Disposition: form-data; name="tenant_id"').replace("--b", "--b "),
               part('Content-Disposition: form-data; name="y"', "1\r\n--b--\r\n--b\r\n"
                    'Content-Disposition: form-data; name="tenant_id"\r\n\r\nevil'),
               part('Content-Disposition: form-data; name="doc"', '{"tenant_id":"evil"}',
                    "Content-Type: application/json\r\n")),
        *two_faced(),
        *raw(MULTIPART, "B18-boundary", *(body(
            kind, part('Content-Disposition: form-data; name="tenant_id"')) for kind in (
                'multipart/form-data; boundary="b"', "multipart/form-data; boundary=c; boundary=b",
                "multipart/form-data; boundary=b; boundary=c", "multipart/mixed; boundary=b",
                "Multipart/Form-Data; BOUNDARY=b", "multipart/form-data; boundary=b;charset=utf-16",
                "multipart/form-data; x=\";boundary=c;\"; boundary=b"))),
    ]


def in_documents():
    deep = '{"a":' * 20 + WHOLE + "}" * 20
    return [
        *json(JSON, "B1", WHOLE, '{"x":1,"tenant_id":"evil"}', '{"order":{"tenant_id":"evil"}}',
              '{"a":[{"b":{"tenant_id":"evil"}}]}', deep, '{"tenant":{"id":"evil"}}',
              '{"tenant_id":["evil"]}', '{"tenant_id":{"$ne":"evil"}}',
              '{ "tenant_id" : "evil" }', '{\n\t"tenant_id":\r\n"evil"}'),
        *json(JSON, "B3", r'{"\u0074enant_id":"evil"}', r'{"tenant\u005fid":"evil"}',
              r'{"\u0074\u0065\u006e\u0061\u006e\u0074\u005f\u0069\u0064":"evil"}',
              r'{"tenant\u005Fid":"\u0065vil"}', r'{"a":{"\u0074enantId":"evil"}}'),
        *json(JSON, "B4", *('{"%s":"evil"}' % name for name in (
            "Tenant_ID", "TENANTID", "tenantId", "tenant-id", "TenantID", "tenant.id",
            "X-Tenant-ID", "filter[tenant_id]", "tenant_id[]", "where.tenant_id"))),
        *json(OTHERS, "B4-other", *('{"%s":"evil"}' % name for name in (
            *OTHER_NAMES, "tenant_\u017flug"))),
        *json(JSON, "B5", r'{"tenant_id\u0000":"evil"}', '{"tenant_id ":"evil"}',
              '{" tenant_id":"evil"}', r'{"tenant_id\n":"evil"}'),
        *json(JSON, "B7", b'{"tenant_id\xff":"evil"}', b'{"tenant\xc1\x9fid":"evil"}',
              r'{"tenant_id\ud800":"evil"}', '{"tenant_id":"evil","a":"\x01"}'),
        *json(JSON, "B8", '{/*c*/"tenant_id":"evil"}', '{"tenant_id":"evil",}',
              '{tenant_id:"evil"}',
              "{'tenant_id':'evil'}", '{"tenant_id":"evil","a":NaN}', '{"a":01,"tenant_id":"evil"}',
              '{"a":1,\x0c"tenant_id":"evil"}'),
        *json(JSON, "B9", '{"a":1}{"tenant_id":"evil"}', '{"tenant_id":"evil"}]',
              '{"a":1}\0{"tenant_id":"evil"}', '{"tenant_id":"evil"} x', '{"a":1}\n' + WHOLE),
        *json(JSON, "B11", "[" * 70 + WHOLE + "]" * 70,
              "{" + "".join(f'"k{n}":0,' for n in range(3000)) + '"tenant_id":"evil"}'),
        *json(JSON, "B13", '[{"tenant_id":"evil"}]', '[[{"tenant_id":"evil"}],1]',
              '[1,{"a":{"tenant_id":"evil"}}]'),
        *bodies(JSON, "B1-patch", "application/json-patch+json",
                '[{"op":"replace","path":"/tenant_id","value":"evil"}]',
                '[{"op":"add","path":"/order","value":{"tenant_id":"evil"}}]',
                '[{"op":"replace","path":"/tenant~1id","value":"evil"}]'),
        *bodies(JSON, "B1-merge", "application/merge-patch+json", WHOLE),
        *bodies(JSON, "B20", "application/json",
                '{"query":"{orders{id}}","variables":{"tenantId":"evil"}}',
                '[{"query":"{orders{id}}","variables":{"input":{"tenant_id":"evil"}}}]'),
        *bodies(JSON, "B22", "application/x-ndjson", '{"x":1}\n' + WHOLE + "\n", WHOLE + "\r\n" +
                WHOLE, '{"x":1}\r' + WHOLE, '{"x":1}\n\n \n' + WHOLE, '{"x":1}' + WHOLE + "\n"),
        *raw(JSON, "B23", *(body("application/json", WHOLE, method)
                            for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"))),
        *raw(JSON, "B24", chunked(['{"ten', 'ant_', 'id":"evil"}']), chunked(list(WHOLE)),
             chunked(['{"\\u00', '74enant_id":"evil"}'])),
        *raw(JSON, "B23-more",
             head("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n")
             + f"{len(WHOLE):x}\r\n{WHOLE}\r\n0\r\n\r\n",
             body("application/json", WHOLE, lines="Expect: 100-continue\r\n"),
             body("application/json", WHOLE).replace(b"HTTP/1.1", b"HTTP/1.0"),
             body('application/json; charset="utf-8"', WHOLE),
             body("application/json;charset=utf8", WHOLE), body("application/json;", WHOLE),
             body("application/problem+json", WHOLE), body("Application/Json ; x=y", WHOLE)),
        *raw(JSON, "B1-injected", body("application/json", WHOLE, target="/v1/injected/orders")),
        *json(DUPLICATES, "B2", '{"tenant_id":"acme","tenant_id":"evil"}',
              '{"tenant_id":"evil","tenant_id":"acme"}', '{"x":1,"x":{"tenant_id":"evil"}}',
              r'{"tenant_id":"acme","\u0074enant_id":"evil"}',
              '{"tenant_id":"acme","Tenant_ID":"evil"}', '{"tenantId":"evil","tenant_id":"acme"}',
              '{"a":{"tenant_id":"acme","tenant_id":"evil"}}',
              '{"tenant_id":"acme","x":1,"tenant_id":"evil","tenant_id":"acme"}'),
    ]


def in_types():
    def lines(vector, *blocks):
        return raw(TYPES, vector, *(body("", WHOLE, lines=block) for block in blocks))

    kind = "application/json"
    return [
        *json(TYPES, "B6", b"\xef\xbb\xbf" + WHOLE.encode(), WHOLE.encode("utf-16"),
              WHOLE.encode("utf-16-le"), WHOLE.encode("utf-16-be"), WHOLE.encode("utf-32")),
        *raw(TYPES, "B6-charset", *(
            body(f"{kind}; charset={name}", WHOLE.encode(code)) for name, code in (
                ("utf-16", "utf-16"), ("utf-16le", "utf-16-le"), ("iso-8859-1", "latin-1"),
                ("utf-7", "utf-7"), ("utf-8; charset=utf-16", "utf-16")))),
        *raw(TYPES, "B14", *(body(name, WHOLE) for name in (
            "text/plain", "", "application/json, text/plain", "APPLICATION/JSON", "text/json",
            "application/json;/x-www-form-urlencoded", "application/vnd.x+json",
            "application/octet-stream", "application/graphql"))),
        *raw(TYPES, "B14-form", *(body(name, "tenant_id=evil&x=1") for name in (
            "text/plain", kind, "application/x-www-form-urlencoded, application/json",
            "multipart/form-data"))),
        *lines("B14-twice", f"Content-Type: {kind}\r\nContent-Type: text/plain\r\n",
               f"Content-Type: text/plain\r\nContent-Type: {kind}\r\n",
               f"Content-Type: text/plain\r\nContent_Type: {kind}\r\n"),
        *raw(TYPES, "B15", *(body(kind, content, lines=f"Content-Encoding: {name}\r\n")
                             for name, content in (
            ("gzip", gzip.compress(WHOLE.encode())), ("deflate", zlib.compress(WHOLE.encode())),
            ("GZIP", gzip.compress(WHOLE.encode())), ("identity", WHOLE),
            ("gzip, identity", gzip.compress(WHOLE.encode())),
            ("x-gzip", gzip.compress(WHOLE.encode())),
            ("gzip", gzip.compress(b'{"x":1}') + gzip.compress(WHOLE.encode()))))),
        *raw(TYPES, "B16", body(kind, WHOLE, lines="Content-Encoding: gzip\r\n"),
             body(kind, gzip.compress(WHOLE.encode()))),
        *raw(TYPES, "B21", body("application/xml", "<order><tenant_id>evil</tenant_id></order>")),
        *raw(TYPES, "B22", body("text/csv", "x,tenant_id\r\n1,evil\r\n")),
    ]


def in_framing():
    def post(lines, content):
        return head(f"Content-Type: application/json\r\n{lines}", method="POST") + content

    length = f"Content-Length: {5 + len(SMUGGLED)}\r\n"
    end = "0\r\n\r\n"
    return [
        *raw(FRAMING, "S1", post(length + "Transfer-Encoding: chunked\r\n", end + SMUGGLED),
             post("Transfer-Encoding: chunked\r\n" + length, end + SMUGGLED)),
        *raw(FRAMING, "S2", *(post(length + f"Transfer-Encoding: {code}\r\n", end + SMUGGLED)
                              for code in ("chunked, identity", "identity, chunked", "x",
                                           "chunked, chunked", "gzip, chunked"))),
        *raw(FRAMING, "S3", *(post(length + line, end + SMUGGLED) for line in (
            "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: \x0bchunked\r\n",
            "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding: chunked;a=b\r\n",
            "Transfer-Encoding: ,chunked\r\n", "Transfer-Encoding: chunked,\r\n",
            "Transfer-Encoding:\xa0chunked\r\n", "Transfer-Encoding : chunked\r\n",
            "Transfer_Encoding: chunked\r\n", "X: y\r\n Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding:\tchunked\r\n", "X: y\nTransfer-Encoding: chunked\r\n"))),
        *raw(FRAMING, "S4", post(length + "Transfer-Encoding: chunked\r\n"
                                 "Transfer-Encoding: identity\r\n", end + SMUGGLED)),
        *raw(FRAMING, "S5", *(post(f"Content-Length: {text}\r\n", "{}   " + SMUGGLED)
                              for text in ("+5", "0x5", "5,5", "05", "18446744073709551621",
                                           "5_0", "-0"))),
        *raw(FRAMING, "S6", post("Content-Length: 5\r\nContent-Length: 0\r\n", "{}   " + SMUGGLED),
             post(f"Content-Length: 5\r\n{length}", "{}   " + SMUGGLED)),
        *raw(FRAMING, "S8", *(post("Transfer-Encoding: chunked\r\n",
                                   f"{size}\r\n{{}}   \r\n" + end + SMUGGLED)
                              for size in ("0x5", "+5", "5 ", " 5", "00000000000000005"))),
        *raw(FRAMING, "S9", *(post("Transfer-Encoding: chunked\r\n",
                                   f"5;{extension}\r\n{{}}   \r\n" + end + SMUGGLED)
                              for extension in ("\n", "a\rb", 'a="\r\n'))),
        *raw(FRAMING, "S10", post("Transfer-Encoding: chunked\r\n",
                                  "5\r\n{}   XX" + end + SMUGGLED),
             post("Transfer-Encoding: chunked\r\n", "5\r\n{}   \n" + end + SMUGGLED)),
        *raw(FRAMING, "S12", head("") + SMUGGLED, head("", method="HEAD") + SMUGGLED,
             post("Content-Length: 2\r\n", "{}" + SMUGGLED)),
        *raw(FRAMING, "U2", head("X-Tenant-ID: evil\r\n", method="TRACE")),
        *raw(FRAMING, "P9", "GET /v1/orders HTTP/1.0\r\n{auth}X-Tenant-ID: evil\r\n\r\n"),
    ]


def harmless():
    """What has to arrive, lest a gateway that refuses everything looks good."""
    def rows(*texts):
        return raw("harmless", "harmless", *texts)

    return rows(head("", "/v1/orders?x=1"), head("Cookie: x=1\r\n"),
                head("X-Note: x\r\n", "/a?x=1"),
                body("application/json", '{"x":"1"}'),
                body("application/json", '{"a":[{"x":"1"}]}', "PATCH"),
                body("application/x-www-form-urlencoded", "x=1&y=2"),
                body("multipart/form-data; boundary=b", part(
                    'Content-Disposition: form-data; name="y"', "2")),
                chunked(['{"x":', '"1"}']), head("", "/v1/tenants/acme/orders?x=1"))


ATTACKS = [*in_headers(), *in_lines(), *in_targets(), *in_cookies(), *in_forms(), *in_documents(),
           *in_types(), *in_framing()]
HARMLESS = harmless()

assert len({attack.id for attack in ATTACKS}) == len(ATTACKS), "an id is there twice"
assert {attack.group for attack in ATTACKS} == set(GROUPS)
