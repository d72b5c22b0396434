"""Attacks that nobody wrote: spellings and wrappings of `tenant_id`, drawn from a seed."""
import random
import urllib.parse

import corpus
from corpus import Attack, body, head

NAMES = ["tenant_id", "tenantId", "TENANT-ID", "tenant", "x-tenant-id", "org_id"]
# What readers cut, drop, decode or stop at.
MARKS = ["[", "]", ".", ":", "/", "(", ")", "{", "}", ",", "|", " ", "+", "_", "__", "-", ";", "&",
         "=", "?", "#", "%", '"', "'", "\\", "!", "$", "*", "~", "@", "\t", "\0", "\r", "\n", "[]",
         "[0]", "&&", "; ", "=?", "name=", "]=", "=[", "<", ">", "`", "^", "\x0b", "\x0c", "\x7f"]
WRAPS = ["{}", "{}[]", "[{}]", "a[{}]", "a[b][{}]", "a.{}", "{}.b", "{}[b]", "a__{}", "{}__in",
         " {} ", "a[b=c][{}]", "[][{}]", "a[{}", "{}]", "$.{}", "/{}", '"{}"', "'{}'", "__Host-{}",
         "a;{}", "a&{}", "a={}", "a,{}", "a {}"]

PATH_MARKS = ["/", "//", "/.", "/./", "/../", ";", ";x=1", ";/", "%2f", "%2F", "%2e", "%5c", "\\",
              "%00", "%20", "%09", "%3b", "%3Bx", "/x/..", "/%2e%2e", "?", "%3f", "#", "%23", "..",
              ".", "+"]
PRINTABLE = "".join(chr(code) for code in range(33, 127))


class Inventor:
    def __init__(self, seed):
        self.dice = random.Random(seed)

    def name(self):
        """A name with a few marks in it, wrapped as frameworks nest them."""
        text = self.dice.choice(NAMES)
        for _ in range(self.dice.choice([0, 0, 1, 1, 2])):
            at = self.dice.choice([0, len(text), self.dice.randrange(len(text) + 1)])
            text = text[:at] + self.dice.choice(MARKS) + text[at:]
        return self.dice.choice(WRAPS).replace("{}", text)

    def encoded(self, text, safe):
        """Percent-encoded here and there; bytes that are not safe always are, nearly."""
        out = ""
        for letter in text:
            if self.dice.random() < 0.12 or letter not in safe and self.dice.random() < 0.97:
                once = "".join(f"%{byte:02{self.dice.choice('xX')}}" for byte in letter.encode())
                out += once.replace("%", "%25") if self.dice.random() < 0.05 else once
            else:
                out += letter
        return out

    def pairs(self, separator, safe):
        """Pairs of which one or more name the tenant."""
        pairs = [f"{self.encoded(self.name(), safe)}=evil"
                 for _ in range(self.dice.choice([1, 1, 2]))]
        pairs += self.dice.sample(["x=1", "y", "=z", "", "w=a=b", "v=%41"], self.dice.randrange(3))
        self.dice.shuffle(pairs)
        return separator.join(pairs)

    def escaped(self, text):
        out = ""
        for letter in text:
            if self.dice.random() < 0.1 or letter < " " or letter in '"\\':
                out += f"\\u{ord(letter):04{self.dice.choice('xX')}}"
            else:
                out += letter
        return out

    def document(self):
        text = f'{{"{self.escaped(self.name())}":"evil"}}'
        for _ in range(self.dice.randrange(3)):
            text = self.dice.choice([f'{{"a":{text}}}', f"[1,{text}]", f'{{"a":1,"b":[{text}]}}'])
        return text

    def part(self):
        name = "".join(c for c in self.name() if c not in "\r\n\0")
        name = self.encoded(name, name)
        quoted = self.dice.choice(['"{}"', '"{}"', "'{}'", "{}"]).replace("{}", name)
        words = [f"name={quoted}"]
        words += self.dice.sample(['filename="f"', f'filename="{name}"', 'name="x"', f"x={quoted}",
                                   "filename*=utf-8''f"], self.dice.choice([0, 0, 1, 1, 2]))
        self.dice.shuffle(words)
        return corpus.part("Content-Disposition: form-data; "
                           + self.dice.choice(["; ", ";", " ; "]).join(words))

    def path(self):
        """The path of the tenants' route, with what some server makes nothing of."""
        text = "/v1/tenants/evil/orders"
        for _ in range(self.dice.choice([1, 1, 2, 3])):
            at = self.dice.randrange(len(text) + 1)
            text = text[:at] + self.dice.choice(PATH_MARKS) + text[at:]
        text = "".join(letter.upper() if self.dice.random() < 0.05 else letter for letter in text)
        return "/" + self.encoded(text[1:], PRINTABLE) if self.dice.random() < 0.3 else text

    def request(self):
        kind = self.dice.choice(["query", "cookie", "form", "multipart", "JSON", "field", "matrix",
                                 "path"])
        if kind == "path":
            return kind, head("", self.path())
        if kind == "query":
            safe = "".join(c for c in PRINTABLE if c not in '#"<>\\^`{|}')
            return kind, head("", f"/v1/orders?{self.pairs(self.dice.choice('&&&;'), safe)}")
        if kind == "cookie":
            safe = PRINTABLE + " \t"
            pairs = self.pairs(self.dice.choice(["; ", "; ", ";", ", ", " "]), safe)
            return kind, head(f"Cookie: {pairs}\r\n")
        if kind == "form":
            return kind, body("application/x-www-form-urlencoded",
                              self.pairs(self.dice.choice("&&&;"), PRINTABLE))
        if kind == "multipart":
            return kind, body("multipart/form-data; boundary=b", self.part())
        if kind == "JSON":
            return kind, body("application/json", self.document())
        if kind == "matrix":
            safe = "".join(c for c in PRINTABLE if c not in '#"<>\\^`{|}?/')
            return kind, head("", f"/v1/orders;{self.pairs(';', safe)}")
        name = "".join(c for c in self.name() if c in urllib.parse.unquote("!#$%25&'*+-.^_`|~")
                       or c.isalnum())
        return kind, head(f"{name}: evil\r\n")


def attacks(number, seed):
    inventor = Inventor(seed)
    made = []
    for count in range(number):
        kind, data = inventor.request()
        data = data if isinstance(data, bytes) else data.encode("latin-1")
        made.append(Attack(f"{kind}-{count}", "invented", data))
    return made
