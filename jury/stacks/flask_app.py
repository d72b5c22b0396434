"""Flask, served by gunicorn."""
from flask import Flask, Response, request
from seen import Seen

app = Flask(__name__)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.route("/v1/tenants/<tenant_id>/<path:rest>", methods=METHODS)
@app.route("/<path:rest>", methods=METHODS)
def read(rest, tenant_id=None):
    seen = Seen()
    seen.pairs("header", request.headers.items())
    seen.pairs("environ", ((name[5:], value) for name, value in request.environ.items()
                           if name.startswith("HTTP_")))
    seen.add("path", "", request.path)
    if tenant_id is not None:
        seen.add("path parameter", "tenant_id", tenant_id)
    seen.pairs("query", request.args.items(multi=True))
    seen.pairs("cookie", request.cookies.items(multi=True))
    body = request.get_data(cache=True, parse_form_data=False)
    seen.document("json", body)
    seen.pairs("form", request.form.items(multi=True))
    seen.pairs("file", ((name, file.read()) for name, file in request.files.items(multi=True)))
    return Response(seen.answer(), content_type="application/json")
