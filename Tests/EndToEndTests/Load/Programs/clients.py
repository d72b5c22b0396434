"""Many clients on TLS connections that stay open, in one thread.

    clients.py PLAN.json

Every request carries a number of its own that comes back in its answer; every answer is judged
(questions.py), and must come once, in the order of the requests of its connection. It ends when
its time is up, when each tenant's budget is spent, or on SIGTERM, finishes what is open and writes
its report. It parses HTTP itself: nothing here is shared with what it tests.
"""
import array
import collections
import heapq
import itertools
import json
import os
import random
import re
import select
import signal
import socket
import ssl
import sys
import time

import questions

#: Seconds an answer may take.
PATIENCE = 20.0
#: Seconds before a client whose connection was cut or refused comes again.
BACKOFF = 0.05
#: Questions in one go, for clients that do not wait for each answer.
BURST = 4
SAMPLES = 20
#: What a proxy may say when the thing behind it is gone.
FAULTS = (502, 503, 504)


class Answer:
    """One whole HTTP/1.1 response, cut off the front of a buffer; `None` while it is not whole."""

    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    @classmethod
    def take(cls, buffer):
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        line, *lines = buffer[:end].decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [^\r\n]*", line)
        if not match:
            raise ValueError(f"status line {line!r}")
        fields = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or name != name.strip():
                raise ValueError(f"field {line!r}")
            fields.setdefault(name.lower(), []).append(value.strip())
        start = end + 4
        if fields.get("transfer-encoding") == ["chunked"]:
            body, after = cls.chunks(buffer, start)
        else:
            [length] = fields["content-length"]
            after = start + int(length)
            body = bytes(buffer[start:after]) if len(buffer) >= after else None
        if body is None:
            return None
        del buffer[:after]
        return cls(int(match[1]), fields, body)

    @staticmethod
    def chunks(buffer, place):
        body = b""
        while True:
            end = buffer.find(b"\r\n", place)
            if end < 0:
                return None, place
            size = int(buffer[place:end].split(b";")[0], 16)
            place = end + 2
            if len(buffer) < place + size + 2:
                return None, place
            body += buffer[place:place + size]
            if buffer[place + size:place + size + 2] != b"\r\n":
                raise ValueError("end of chunk")
            place += size + 2
            if size == 0:
                return body, place


class Client:
    """One connection after another, with the questions that are open on it."""

    def __init__(self, crowd, index, tenant):
        self.crowd, self.index, self.tenant = crowd, index, tenant
        names = sorted(crowd.tenants)
        self.other = names[(names.index(tenant) + 1 + index // len(names) % 3) % len(names)]
        self.token = crowd.tenants[tenant]
        self.topic = f"soak.{tenant}.{index}"
        self.count = 0
        self.published = None
        self.socket = None

    def next_number(self):
        self.count += 1
        return f"{self.tenant}-{self.crowd.run}-{self.index}-{self.count}"

    # Connection

    def connect(self):
        raw = socket.socket()
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.connect_ex(("127.0.0.1", self.crowd.port))
        try:
            self.socket = self.crowd.tls.wrap_socket(
                raw, server_hostname=questions.HOST, do_handshake_on_connect=False)
        except OSError:
            # Refused at once. (wrap_socket has closed it.)
            self.crowd.refused_connections += 1
            return self.crowd.later(BACKOFF, self)
        self.number = self.socket.fileno()
        self.shaking, self.output, self.input = True, b"", bytearray()
        self.open = collections.deque()
        self.crowd.watch(self, select.EPOLLOUT)

    def drop(self, visible):
        """The connection is gone; what was open on it has no answer."""
        if self.shaking:
            self.crowd.refused_connections += 1
        elif visible:
            self.crowd.cuts += 1
        for question, _ in self.open:
            self.crowd.unanswered(self, question)
        self.open.clear()
        self.crowd.forget(self)
        self.socket.close()
        self.socket = None
        self.crowd.later(BACKOFF, self)

    def ready(self):
        try:
            if self.shaking:
                self.socket.do_handshake()
                self.shaking = False
                self.crowd.connections += 1
                self.ask()
                if not self.socket:
                    # The others have asked everything meanwhile.
                    return
            if self.output:
                self.output = self.output[self.socket.send(self.output):]
            while True:
                more = self.socket.recv(65536)
                if not more:
                    return self.drop(visible=True)
                self.input += more
                if not self.socket.pending():
                    break
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            return self.crowd.watch(self, select.EPOLLIN | select.EPOLLOUT)
        except (ssl.SSLError, OSError):
            return self.drop(visible=True)
        wanted = select.EPOLLIN | (select.EPOLLOUT if self.output else 0)
        self.crowd.watch(self, wanted)
        self.hear()

    # Questions and answers

    def ask(self):
        """Asks one question, or some at once; closes when there is nothing left to ask."""
        kinds = self.crowd.choose(self)
        if not kinds:
            return self.crowd.retire(self)
        now = time.monotonic()
        for kind in kinds:
            question = kind(self)
            self.output += question.bytes()
            self.open.append((question, now))
            self.crowd.asked(self, question)
        self.crowd.watch(self, select.EPOLLIN | select.EPOLLOUT)

    def hear(self):
        while self.socket:
            try:
                answer = Answer.take(self.input)
            except (ValueError, KeyError) as error:
                self.crowd.complain(f"{self.tenant}: no HTTP: {error!r} {bytes(self.input[:300])}")
                return self.drop(visible=True)
            if answer is None:
                return
            if not self.open:
                self.crowd.complain(f"{self.tenant}: an answer nobody asked for: {answer.body}")
                return self.drop(visible=True)
            question, asked = self.open.popleft()
            self.crowd.answered(self, question, answer, time.monotonic() - asked)
            if answer.fields.get("connection") == ["close"]:
                return self.drop(visible=bool(self.open))
            if not self.open:
                self.crowd.later(self.crowd.pause(), self)

    def wake(self):
        if self.socket is None:
            if self.crowd.is_over() or self.crowd.is_spent(self):
                return self.crowd.retire(self)
            self.connect()
        elif not self.shaking and not self.open:
            self.ask()

    def check_patience(self, now):
        if self.socket and not self.shaking and self.open and now - self.open[0][1] > PATIENCE:
            self.crowd.complain(f"{self.tenant}: no answer to {self.open[0][0].number}")
            self.drop(visible=True)


class Crowd:
    def __init__(self, plan):
        self.plan = plan
        self.port, self.tenants, self.run = plan["port"], plan["tenants"], plan["run"]
        self.random = random.Random(plan["seed"])
        self.tls = ssl.create_default_context(cafile=plan["certificate"])
        self.poll = select.epoll()
        self.wakes, self.order = [], itertools.count()
        self.by_number, self.watched = {}, {}
        self.published, self.unknown_numbers = {}, set()
        self.kinds, self.weights = zip(*questions.MIX)
        names = sorted(self.tenants)
        self.clients = [
            Client(self, i, names[i % len(names)]) for i in range(plan["clients"])]
        self.retired = set()
        self.budget = dict(plan.get("budget") or {})
        # What is reported.
        self.cross_tenant = self.cuts = self.refused_connections = self.connections = 0
        self.complaints, self.complaint_count = [], 0
        self.latencies = array.array("d")
        self.tallies = {name: collections.Counter() for name in names}
        self.good, self.faults = collections.Counter(), collections.Counter()
        self.accepted = {u: {name: [] for name in names} for u in ("orders", "events")}
        self.unknown = {u: {name: [] for name in names} for u in ("orders", "events")}
        self.remaining = {name: [] for name in names}

    # Time and events

    def pause(self):
        most = self.plan["pause"]
        return self.random.uniform(0, 2 * most) if most else 0

    def later(self, seconds, client):
        heapq.heappush(self.wakes, (time.monotonic() + seconds, next(self.order), client))

    def watch(self, client, events):
        known = self.watched.get(client.number)
        if known is None:
            self.poll.register(client.number, events)
            self.by_number[client.number] = client
        elif known != events:
            self.poll.modify(client.number, events)
        self.watched[client.number] = events

    def forget(self, client):
        self.poll.unregister(client.number)
        del self.by_number[client.number], self.watched[client.number]

    def retire(self, client):
        self.retired.add(client.index)
        if client.socket:
            self.forget(client)
            try:
                client.socket.unwrap()
            except (ssl.SSLError, OSError):
                pass
            client.socket.close()
            client.socket = None

    def is_over(self):
        return time.monotonic() >= self.end

    def is_spent(self, client):
        return bool(self.plan.get("budget")) and self.budget[client.tenant] <= 0

    def serve(self):
        self.end = time.monotonic() + self.plan["seconds"]
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "end", 0))
        for client in self.clients:
            # Spread over the first quarter of a second, as people are.
            self.later(0.25 * client.index / len(self.clients), client)
        next_look = 0
        while len(self.retired) < len(self.clients):
            now = time.monotonic()
            while self.wakes and self.wakes[0][0] <= now:
                heapq.heappop(self.wakes)[2].wake()
            if now >= next_look:
                next_look = now + 0.1
                self.write("progress", self.progress())
                for client in self.clients:
                    client.check_patience(now)
            wait = min(0.1, max(0, self.wakes[0][0] - now)) if self.wakes else 0.1
            for number, _ in self.poll.poll(wait, 64):
                client = self.by_number.get(number)
                if client:
                    client.ready()

    # Choosing

    def choose(self, client):
        if self.is_over() or self.is_spent(client):
            return []
        if self.plan.get("budget"):
            self.budget[client.tenant] -= 1
            pair = (questions.ReadOrders, questions.ListEvents)
            return [pair[self.budget[client.tenant] % 2]]
        count = BURST if self.random.randrange(8) == 0 else 1
        return self.random.choices(self.kinds, self.weights, k=count)

    # Accounts

    def complain(self, text):
        self.complaint_count += 1
        if len(self.complaints) < SAMPLES:
            self.complaints.append(text[:600])

    def asked(self, client, question):
        self.tallies[client.tenant]["asked"] += 1

    def unanswered(self, client, question):
        self.tallies[client.tenant]["cut"] += 1
        self.note_unknown(client, question)

    def note_unknown(self, client, question):
        if question.row:
            self.unknown[question.upstream][client.tenant].append(question.row)
            self.unknown_numbers.add(question.row)

    def answered(self, client, question, answer, seconds):
        tally = self.tallies[client.tenant]
        tally["answered"] += 1
        self.latencies.append(seconds)
        status = answer.status
        if status == 429 and self.plan.get("budget"):
            tally["refused"] += 1
            return self.judge_refusal(client, answer)
        if status == question.expected:
            tally["good"] += 1
            self.good[question.upstream] += 1
            self.note_remaining(client, answer)
            try:
                complaint = question.judge(answer)
            except (ValueError, KeyError, TypeError) as error:
                complaint = f"{error!r} in {answer.body[:300]}"
            if complaint:
                self.complain(f"{type(question).__name__} {question.number}: {complaint}")
            if question.row:
                self.accepted[question.upstream][client.tenant].append(question.row)
        else:
            tally[str(status)] += 1
            self.note_unknown(client, question)
            if status in FAULTS and self.plan["faults"]:
                self.faults[question.upstream] += 1
            else:
                self.complain(
                    f"{type(question).__name__} {question.number}: {status} {answer.body[:400]}")

    def note_remaining(self, client, answer):
        if not self.plan.get("budget"):
            return
        match = re.fullmatch(
            r'"tier";r=(\d+);t=(\d+)', (answer.fields.get("ratelimit") or [""])[0])
        if match:
            self.remaining[client.tenant].append(int(match[1]))
        else:
            self.complain(f"{client.tenant}: RateLimit {answer.fields.get('ratelimit')}")

    def judge_refusal(self, client, answer):
        limit = self.plan["limits"][client.tenant]
        fields = answer.fields
        try:
            [left], [policy], [retry] = fields["ratelimit"], fields["ratelimit-policy"], fields[
                "retry-after"]
            match = re.fullmatch(r'"tier";r=0;t=(\d+)', left)
            fine = (match and 1 <= int(match[1]) <= 60 and 1 <= int(retry) <= 60
                    and policy == f'"tier";q={limit};w=60'
                    and fields["x-ratelimit-remaining"] == ["0"]
                    and fields["content-type"] == ["application/problem+json"]
                    and json.loads(answer.body)["code"] == "rate.limited")
        except (KeyError, ValueError) as error:
            fine = False
        if not fine:
            self.complain(f"{client.tenant}: 429 with {fields} {answer.body}")

    # Words to the parent

    def progress(self):
        return {"good": self.good, "faults": self.faults, "cuts": self.cuts,
                "connections": self.connections,
                "refusedConnections": self.refused_connections,
                "complaints": self.complaint_count, "isOver": False}

    def report(self):
        ordered = sorted(self.latencies) or [0]
        return {"tallies": self.tallies, "good": self.good, "faults": self.faults,
                "crossTenantRows": self.cross_tenant, "cuts": self.cuts,
                "connections": self.connections,
                "refusedConnections": self.refused_connections,
                "complaintCount": self.complaint_count, "complaints": self.complaints,
                "accepted": self.accepted, "unknown": self.unknown,
                "remaining": self.remaining,
                "p50Milliseconds": ordered[len(ordered) // 2] * 1000,
                "p99Milliseconds": ordered[len(ordered) * 99 // 100] * 1000}

    def write(self, name, value):
        path = self.plan[name]
        with open(path + ".new", "w") as file:
            json.dump(value, file)
        os.replace(path + ".new", path)


def main():
    with open(sys.argv[1]) as file:
        crowd = Crowd(json.load(file))
    crowd.serve()
    crowd.write("report", crowd.report())


if __name__ == "__main__":
    main()
