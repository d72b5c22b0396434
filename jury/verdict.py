"""Whether somebody who reads these names and values would act for `evil`.

The reading is wider than the gateway's, and shares nothing with it: any name with "tenant" in it,
or with another word for one, that has `evil` anywhere in its value.
"""
import gzip
import json
import posixpath
import re
import urllib.parse
import zlib

FOREIGN, OWN = "evil", "acme"
CANONICAL = "xtenantid"
TENANT_WORDS = ("tenant", "orgid", "organizationid", "organisationid", "accountid", "workspaceid",
                "accounts", "customerexternalid")
EXACT = re.compile(r"[^a-z0-9]*(x[-_])?(tenant([-_ ]?id)?|org[-_ ]?id)[^a-z0-9]*")
# Fields that some server or framework takes for the request's target.
TARGET_FIELDS = ("xoriginalurl", "xrewriteurl", "xforwardeduri", "xforwardedprefix")


def squeezed(name):
    folded = name.replace("\u017f", "s").replace("\u212a", "k").lower()
    return re.sub(r"[^a-z0-9]", "", folded)


def names_tenant(name):
    short = squeezed(name)
    return any(word in short for word in TENANT_WORDS)


def names_exactly(name):
    """The narrow reading, for names made by chance: some component, as frameworks nest them, is one
    that an application would ask for, give or take the bytes around it."""
    return any(EXACT.fullmatch(component) for component in re.split(r"[\[\]./]", name.lower()))


def is_foreign(value):
    return FOREIGN in value.lower()


def in_path(path, names=names_tenant):
    """A tenant in a path: the segment after one that names tenants (not for names made by chance:
    there the router's word counts), and matrix parameters; as it is and with its dot segments
    followed."""
    for reading in (path, posixpath.normpath(path.replace("\\", "/"))):
        before = ""
        for segment in reading.split("/"):
            name, *parameters = segment.split(";")
            if names is names_tenant and is_foreign(name) and names(before):
                return True
            for parameter in parameters:
                key, _, value = parameter.partition("=")
                if names(key) and is_foreign(value):
                    return True
            before = segment
    return False


def in_target(target):
    path, _, query = target.partition("?")
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    return in_path(path) or any(names_tenant(n) and is_foreign(v) for n, v in pairs)


def leaves(value, name=""):
    if isinstance(value, dict):
        for key, child in value.items():
            yield from leaves(child, f"{name}/{key}")
    elif isinstance(value, list):
        for child in value:
            yield from leaves(child, name)
    else:
        yield name, str(value)


def is_conviction(place, name, value, names=names_tenant):
    if not is_foreign(value):
        return False
    if names(name):
        return True
    if place == "path":
        return in_path(value, names)
    short = squeezed(name)
    if short in TARGET_FIELDS:
        return in_target(value)
    if short == "baggage":
        return any(names_tenant(pair.partition("=")[0]) for pair in value.split(","))
    if value.lstrip()[:1] in ("{", "["):
        try:
            return any(is_conviction("", key, leaf, names)
                       for key, leaf in leaves(json.loads(value)))
        except (ValueError, RecursionError):
            return False
    return False


def convictions(seen, names=names_tenant):
    """The sightings in which the foreign tenant is the tenant."""
    found = [item for item in seen if is_conviction(*item, names)]
    # A JSON Patch names what it changes in one member and its value in another.
    targets = [item for item in seen if item[1].endswith("/path") and names_tenant(item[2])]
    values = [item for item in seen if item[1].endswith("/value") and is_foreign(item[2])]
    return found + (targets + values if targets and values else [])


def injected(seen):
    """The values of the injected field, as one reader of header fields sees them."""
    for place in ("header", "environ"):
        fields = [item for item in seen if item[0] == place]
        if fields:
            return [value for _, name, value in fields if squeezed(name) == CANONICAL]
    return []


def is_own_only(seen):
    return injected(seen) == [OWN]


def carries_foreign(request):
    """Whether `evil` is anywhere in the bytes, under any name and in any of the usual codings."""
    forms = [request]
    for magic in (b"\x1f\x8b\x08", b"\x78\x9c"):
        start = request.find(magic)
        while start >= 0:
            forms.append(inflated(request[start:]))
            start = request.find(magic, start + 1)
    # Chunks are joined, wide characters narrowed, escapes undone.
    forms += [re.sub(rb"\r\n[0-9a-fA-F]+\r\n", b"", form) for form in forms]
    forms += [form.replace(b"\0", b"") for form in forms]
    forms += [re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda found: bytes.fromhex(found[1].decode()),
                     form) for form in forms]
    forms += [urllib.parse.unquote_to_bytes(urllib.parse.unquote_to_bytes(form)) for form in forms]
    return any(FOREIGN.encode() in form.lower() or b"ZXZpbA" in form for form in forms)


def inflated(data):
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        try:
            return zlib.decompressobj(47).decompress(data)
        except zlib.error:
            return b""
