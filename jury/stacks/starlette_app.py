"""Starlette, served by uvicorn on httptools or h11."""
from seen import Seen
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


async def read(request):
    seen = Seen()
    seen.pairs("header", request.headers.items())
    # What an application gets that reads the scope into a dictionary: the last of each.
    seen.pairs("scope", dict(request.scope["headers"]).items())
    seen.add("path", "", request.url.path)
    seen.pairs("path parameter", ((name, value) for name, value in request.path_params.items()
                                  if name != "rest"))
    seen.pairs("query", request.query_params.multi_items())
    seen.pairs("cookie", request.cookies.items())
    seen.document("json", await request.body())
    # After the body: servers append trailers to the list of header fields while it is read.
    seen.pairs("trailer", request.scope["headers"])
    try:
        for name, value in (await request.form()).multi_items():
            seen.add("form", name, value if isinstance(value, str) else await value.read())
    except HTTPException:
        pass
    return Response(seen.answer(), media_type="application/json")


app = Starlette(routes=[
    Route("/v1/tenants/{tenant_id}/{rest:path}", read, methods=METHODS),
    Route("/{rest:path}", read, methods=METHODS),
])
