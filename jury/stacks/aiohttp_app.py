"""aiohttp on its own server: `aiohttp_app.py PORT`."""
import sys

from aiohttp import web
from seen import Seen


async def read(request):
    seen = Seen()
    seen.pairs("header", request.headers.items())
    seen.add("path", "", request.path)
    seen.pairs("path parameter", ((name, value) for name, value in request.match_info.items()
                                  if name != "rest"))
    seen.pairs("query", request.query.items())
    seen.pairs("cookie", request.cookies.items())
    if request.content_type.startswith("multipart/"):
        try:
            for name, value in (await request.post()).items():
                seen.add("form", name, value.file.read()
                         if isinstance(value, web.FileField) else value)
        except (ValueError, AssertionError):
            pass
    else:
        seen.document("json", await request.read())
        seen.pairs("form", (await request.post()).items())
    return web.Response(text=seen.answer(), content_type="application/json")


app = web.Application()
app.router.add_route("*", "/v1/tenants/{tenant_id}/{rest:.*}", read)
app.router.add_route("*", "/{rest:.*}", read)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
