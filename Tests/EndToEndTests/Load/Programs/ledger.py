"""An API with rows. Which rows it keeps and shows is decided by the one header its proxy writes."""
import hashlib
import threading
import time

from flask import Flask, Response, abort, jsonify, request

app = Flask(__name__)
ROWS = {}
LOCK = threading.Lock()
SHOWN = 5


def tenant():
    # Two of them arrive joined by a comma and so name nobody.
    name = request.headers.get("X-Tenant-ID") or abort(500)
    return name


@app.get("/orders")
def orders():
    with LOCK:
        rows = ROWS.get(tenant(), [])[-SHOWN:]
    return jsonify(
        tenant=tenant(), x=request.args.get("x"), args=sorted(request.args), rows=rows,
        spellings=[key for key in request.environ if "TENANT" in key])


@app.post("/orders")
def create():
    order = request.get_json()
    row = {"id": order["id"], "tenant": order["tenant"]}
    with LOCK:
        ROWS.setdefault(tenant(), []).append(row)
    return jsonify(tenant=tenant(), x=order["id"], fill=len(order["fill"])), 201


@app.get("/orders/stream")
def stream():
    """A long answer in pieces that ends with the digest of all before it."""
    line = f"{tenant()} {request.args['x']}\n".encode() * 100

    def pieces():
        digest = hashlib.sha256()
        for _ in range(8):
            digest.update(line)
            yield line
            time.sleep(0.002)
        yield digest.hexdigest().encode()

    return Response(pieces(), mimetype="text/plain")


@app.get("/orders/ledger")
def ledger():
    with LOCK:
        return jsonify(ROWS)
