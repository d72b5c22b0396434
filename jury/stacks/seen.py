"""What an application says of a request: every name and value it can read, by place."""
import json


def text(value):
    """As the application has it; bytes that are no text keep their place as escapes."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value if isinstance(value, str) else json.dumps(value)


class Seen:
    """The list that every stack answers with: `[place, name, value]`."""

    def __init__(self):
        self.items = []

    def add(self, place, name, value):
        self.items.append([place, text(name), text(value)])

    def pairs(self, place, pairs):
        for name, value in pairs:
            self.add(place, name, value)

    def tree(self, place, value, name=""):
        """Every leaf of a JSON document, named by the keys on its way."""
        if isinstance(value, dict):
            for key, child in value.items():
                self.tree(place, child, f"{name}/{key}")
        elif isinstance(value, list):
            for child in value:
                self.tree(place, child, f"{name}/")
        else:
            self.add(place, name, value)

    def document(self, place, body):
        """The body as JSON, whatever its type says, and line by line: some handlers just try."""
        for line in [body] + (body.split(b"\n") if b"\n" in body else []):
            try:
                self.tree(place, json.loads(line))
            except (ValueError, RecursionError):
                pass

    def answer(self):
        return json.dumps({"seen": self.items})
