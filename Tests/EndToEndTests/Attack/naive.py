"""An API that believes whoever names a tenant: header, query, cookie, form, JSON, trailer, or a
token whose signature nobody looks at. Behind a gateway that leaves one true header it is fine."""
import base64
import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

NAMES = ("tenant_id", "tenantid", "tenant", "tenant_id[]", "tenant_id[0]")
ORDERS = {
    "acme": {"ord-acme-000001": "anvil", "ord-acme-000002": "rocket skates"},
    "globex": {"ord-globx-00001": "sulphur lamp", "ord-globx-00002": "weather machine"},
}
BY_ID = {key: tenant for tenant, orders in ORDERS.items() for key in orders}


def claims(token):
    try:
        middle = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError):
        return {}


class API(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        out = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            out += self.rfile.read(size)
            self.rfile.readline()
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name] = value.strip()
        return out

    def tenant(self, query, body):
        """The last of many places wins; `None` for nobody."""
        found = None
        bearer = self.headers.get_all("Authorization") or []
        if bearer:
            found = claims(bearer[-1].removeprefix("Bearer ")).get("tenant_id")
        for name, value in self.headers.items():
            if name.upper().replace("-", "_") == "X_TENANT_ID":
                found = value
        for line in self.headers.get_all("Cookie") or []:
            for pair in re.split("[;,] ?", line):
                name, _, value = pair.partition("=")
                if unquote(name).strip().lower() in NAMES:
                    found = value.strip(' "')
        kind = self.headers.get("Content-Type", "").lower()
        pairs = parse_qsl(query)
        if "form-urlencoded" in kind:
            pairs += parse_qsl(body.decode("latin-1"))
        for name, value in pairs:
            if name.lower() in NAMES:
                found = value
        if "multipart" in kind:
            for part in body.decode("latin-1").split("--rf"):
                match = re.search(r'name="?tenant_id"?\r?\n(?:.*\r?\n)*?\r?\n(.*?)\r?\n', part)
                found = match.group(1) if match else found
        if "json" in kind and body:
            try:
                document = json.loads(body)
            except ValueError:
                return found
            if isinstance(document, dict):
                found = document.get("tenant_id", found)
        return found

    def answer(self, status, document):
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def handle_request(self):
        target = urlsplit(self.path)
        body = self.body()
        tenant = self.tenant(target.query, body)
        if not isinstance(tenant, str) or tenant not in ORDERS:
            return self.answer(401, {"error": "who are you?"})
        kind, _, key = target.path.removeprefix("/v1/").partition("/")
        if kind == "orders" and not key:
            if self.command == "POST":
                name = json.loads(body or b"{}").get("name", "")
                key = "ord-%s-%d" % (tenant, time.time_ns())
                ORDERS[tenant][key] = name
                BY_ID[key] = tenant
                return self.answer(201, {"tenant": tenant})
            rows = [{"id": k, "name": v} for k, v in sorted(ORDERS[tenant].items())]
            return self.answer(200, {"tenant": tenant, "orders": rows})
        owner = BY_ID.get(key)
        if kind == "invoices" and owner:  # nobody asks whose it is
            return self.answer(200, {"id": key, "name": ORDERS[owner][key]})
        if owner == tenant:
            return self.answer(200, {"id": key, "name": ORDERS[owner][key]})
        if owner and kind == "notes":  # tells that it is there
            return self.answer(404, {"error": "not yours"})
        if owner and kind == "files":  # tells it by time
            time.sleep(0.1)
        return self.answer(404, {"error": "not found"})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", 0), API)
print(server.server_address[1], flush=True)
server.serve_forever()
