"""Bytes over TCP: sending them as they are, keeping them as they come."""
import socket
import threading
import time
from dataclasses import dataclass

END_OF_HEAD = b"\r\n\r\n"
ANSWER_BYTES_MAX = 4 << 20


@dataclass
class Answer:
    """What a server said to one request."""
    status: int
    body: bytes


def head_of(data):
    """The first line and the fields of a message's head, or None while it is not all there."""
    end = data.find(END_OF_HEAD)
    if end < 0:
        return None
    first, *lines = data[:end].split(b"\r\n")
    fields = []
    for line in lines:
        name, _, value = line.partition(b":")
        fields.append((name.lower(), value.strip()))
    return first, fields, end + len(END_OF_HEAD)


def dechunked(data, start):
    """Body and end of a chunked body, trailers included, or None while it is not all there."""
    body = b""
    while True:
        line = data.find(b"\r\n", start)
        if line < 0:
            return None
        size = int(data[start:line].split(b";")[0], 16)
        if size == 0:
            # Trailers end with an empty line, which follows at once where there are none.
            end = line if data[line:line + 4] == END_OF_HEAD else data.find(END_OF_HEAD, line + 2)
            missing = data[line + 2:line + 4] != b"\r\n" and end < 0
            return None if missing or end < 0 else (body, end + 4)
        after = line + 2 + size + 2
        if after > len(data):
            return None
        body += data[line + 2:line + 2 + size]
        start = after


def message(data, is_answer=False, has_body=True):
    """The first line, the body and the length of the first message, or None if there is more to
    come. A body that ends with the connection is complete when its end is known to the caller."""
    head = head_of(data)
    if head is None:
        return None
    first, fields, start = head
    codes = [value.lower() for name, value in fields if name == b"transfer-encoding"]
    lengths = [value for name, value in fields if name == b"content-length"]
    if not has_body:
        return first, b"", start
    # Empty elements of a list count for nothing (RFC 9110 section 5.6.1).
    listed = [code.strip() for code in b",".join(codes).split(b",") if code.strip()]
    if listed and listed[-1] == b"chunked":
        found = dechunked(data, start)
        return found and (first, found[0], found[1])
    if lengths:
        end = start + int(lengths[-1])
        return (first, data[start:end], end) if end <= len(data) else None
    return None if is_answer else (first, b"", start)


def answers(data, is_closed, method):
    """Every whole answer in the bytes that a server sent."""
    found = []
    while data:
        has_body = not (method == b"HEAD" and not found)
        try:
            one = message(data, is_answer=True, has_body=has_body)
        except ValueError:
            one = None
        if one is None and is_closed and head_of(data):
            first, _, start = head_of(data)
            one = first, data[start:], len(data)
        if one is None:
            break
        first, body, length = one
        words = first.split()
        if len(words) < 2 or not words[1].isdigit():
            break
        if int(words[1]) >= 200:
            found.append(Answer(int(words[1]), body))
        data = data[length:]
    return found


def ask(port, data, seconds=2.5, linger=0.0):
    """Sends bytes and answers what came back. `linger` waits for more answers than one."""
    method = data.split(b" ", 1)[0]
    came = b""
    end = time.monotonic() + seconds
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as client:
            client.sendall(data)
            while (left := end - time.monotonic()) > 0 and len(came) < ANSWER_BYTES_MAX:
                client.settimeout(left)
                more = client.recv(65536)
                if not more:
                    return answers(came, True, method)
                came += more
                if answers(came, False, method):
                    end = min(end, time.monotonic() + linger)
    except OSError:
        pass
    return answers(came, False, method)


class Recorder:
    """An upstream that keeps the exact bytes of each request that it got whole, and says yes."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.requests = []
        threading.Thread(target=self.accept, daemon=True).start()

    def take(self):
        """The requests since the last time."""
        with self.lock:
            taken, self.requests = self.requests, []
        return taken

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        data = b""
        with connection:
            connection.settimeout(120)
            try:
                while more := connection.recv(65536):
                    data += more
                    while one := message(data):
                        with self.lock:
                            self.requests.append(data[:one[2]])
                        data = data[one[2]:]
                        empty = one[0].startswith(b"HEAD ")
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                           b"Content-Length: 2\r\n\r\n" + b"ok"[2 * empty:])
            except (OSError, ValueError):
                return
