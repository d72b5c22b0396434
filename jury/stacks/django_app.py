"""Django, served by gunicorn."""
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import path
from seen import Seen

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="jury", MIDDLEWARE=[],
                   APPEND_SLASH=False)
django.setup()


def read(request, rest, tenant_id=None):
    seen = Seen()
    seen.pairs("header", request.headers.items())
    seen.pairs("environ", ((name[5:], value) for name, value in request.META.items()
                           if name.startswith("HTTP_")))
    seen.add("path", "", request.path)
    if tenant_id is not None:
        seen.add("path parameter", "tenant_id", tenant_id)
    for name, values in request.GET.lists():
        seen.pairs("query", ((name, value) for value in values))
    seen.pairs("cookie", request.COOKIES.items())
    seen.document("json", request.body)
    try:
        for name, values in request.POST.lists():
            seen.pairs("form", ((name, value) for value in values))
        for name, values in request.FILES.lists():
            seen.pairs("file", ((name, value.read()) for value in values))
    except MultiPartParserError:
        pass
    return HttpResponse(seen.answer(), content_type="application/json")


urlpatterns = [
    path("v1/tenants/<str:tenant_id>/<path:rest>", read),
    path("<path:rest>", read),
]
application = get_wsgi_application()
