"""An API as people write them: it knows its tenant from one header and trusts its proxy."""
from flask import Flask, abort, jsonify, redirect, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
# What every Flask deployment behind a proxy does (Flask documentation, "Tell Flask it is Behind a
# Proxy").
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)
ORDERS = {"acme": ["a-1", "a-2"], "globex": ["g-1"]}
ALLOWED_HOSTS = {"api.example.test"}


@app.before_request
def check_host():
    if request.host not in ALLOWED_HOSTS:
        abort(400)


@app.get("/orders")
def orders():
    return jsonify(
        tenant=request.headers.getlist("X-Tenant-ID"),
        args=request.args.to_dict(flat=False),
        environ=sorted(k for k in request.environ if "TENANT" in k),
        orders=ORDERS.get(request.headers.get("X-Tenant-ID"), []),
        remote=request.remote_addr,
        authorization=request.headers.get("Authorization"),
    )


@app.post("/orders")
def create():
    return jsonify(tenant=request.headers["X-Tenant-ID"], body=request.get_json()), 201


@app.get("/old-orders")
def moved():
    return redirect(url_for("orders", _external=True))
