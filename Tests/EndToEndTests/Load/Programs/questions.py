"""What the clients ask, and what each answer must be.

A question knows the bytes to send and judges the answer: `judge` names what is wrong with it, or
nothing. Answers that say "not now" are judged by the caller, because only it knows whether
something has been killed.
"""
import hashlib
import json

HOST = "api.example.test"


class Question:
    upstream = "orders"
    expected = 200
    #: The id of the row it makes, if it makes one.
    row = None

    def __init__(self, client):
        self.client = client
        self.number = client.next_number()

    def encode(self, method, target, fields=(), body=None, chunked=False):
        lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}",
                 f"Authorization: Bearer {self.client.token}", *fields]
        if body is None:
            return ("\r\n".join(lines) + "\r\n\r\n").encode()
        lines.append("Content-Type: application/json")
        if not chunked:
            lines.append(f"Content-Length: {len(body)}")
            return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
        lines.append("Transfer-Encoding: chunked")
        half = len(body) // 2
        pieces = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:half], body[half:]))
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + pieces + b"0\r\n\r\n"

    def spoof(self):
        """The other tenant in the spellings a client might try."""
        other = self.client.other
        return [f"X-Tenant-ID: {other}", f"X_Tenant_Id: {other}", f"x-tenantid: {other}",
                f"Cookie: tenant_id={other}; a=1", f"Forwarded: for=203.0.113.9"]

    def rows(self, rows, tenant_of):
        """Complains about rows of anybody else, and counts them."""
        foreign = [row for row in rows if tenant_of(row) != self.client.tenant]
        self.client.crowd.cross_tenant += len(foreign)
        return f"rows of others: {foreign}" if foreign else None


class ReadOrders(Question):
    is_spoof = False

    def bytes(self):
        if not self.is_spoof:
            return self.encode("GET", f"/orders?x={self.number}")
        other = self.client.other
        target = f"/orders?tenant_id={other}&x={self.number}&Tenant%5FId={other}"
        return self.encode("GET", target, self.spoof())

    def judge(self, answer):
        seen = json.loads(answer.body)
        if seen["tenant"] != self.client.tenant or seen["x"] != self.number:
            return f"{seen['tenant']} {seen['x']}"
        if seen["args"] != ["x"] or sorted(seen["spellings"]) != [
                "HTTP_X_TENANT_ID", "HTTP_X_TENANT_TIER"]:
            return f"the client's tenant reached the upstream: {seen}"
        return self.rows(seen["rows"], lambda row: row["tenant"])


class SpoofedReadOrders(ReadOrders):
    is_spoof = True


class StreamOrders(Question):
    def bytes(self):
        return self.encode("GET", f"/orders/stream?x={self.number}")

    def judge(self, answer):
        text, digest = answer.body[:-64], answer.body[-64:]
        if hashlib.sha256(text).hexdigest().encode() != digest:
            return f"{len(answer.body)} bytes of a longer answer look whole"
        if text.split(b"\n", 1)[0].decode() != f"{self.client.tenant} {self.number}":
            return "somebody else's stream"


class MakeOrder(Question):
    expected = 201
    is_chunked = False

    def bytes(self):
        self.row = self.number
        self.fill = "f" * self.client.crowd.random.randrange(4000)
        body = {"id": self.number, "tenant": self.client.tenant, "fill": self.fill}
        return self.encode(
            "POST", "/orders", body=json.dumps(body).encode(), chunked=self.is_chunked)

    def judge(self, answer):
        seen = json.loads(answer.body)
        if seen != {"tenant": self.client.tenant, "x": self.number, "fill": len(self.fill)}:
            return str(seen)


class MakeOrderInChunks(MakeOrder):
    is_chunked = True


class Publish(Question):
    upstream = "events"
    expected = 202
    has_id = True
    is_spoof = False

    def bytes(self):
        client = self.client
        self.row = self.number
        fill = "f" * client.crowd.random.randrange(1000)
        payload = {"n": self.number, "tenant": client.tenant, "fill": fill}
        body = {"topic": client.topic, "payload": payload}
        if self.has_id:
            body["id"] = self.number
        if not self.is_spoof:
            return self.encode("POST", "/v1/events", body=json.dumps(body).encode())
        body["customerExternalId"] = body["tenantId"] = client.other
        return self.encode(
            "POST", f"/v1/events?tenant_id={client.other}", self.spoof(),
            body=json.dumps(body).encode())

    def judge(self, answer):
        seen = json.loads(answer.body)
        wanted = self.number if self.has_id else None
        if seen["external_id"] != wanted or seen["topic"] != self.client.topic:
            return str(seen)
        if seen["payload"]["n"] != self.number:
            return str(seen)
        # Kept so that its maker, and others, can ask for it later.
        self.client.published = (seen["id"], self.number)
        self.client.crowd.published[self.client.tenant] = seen["id"]
        return self.rows([seen["payload"]], lambda payload: payload["tenant"])


class PublishWithoutID(Publish):
    has_id = False


class SpoofedPublish(Publish):
    is_spoof = True


class ListEvents(Question):
    upstream = "events"

    def bytes(self):
        return self.encode("GET", f"/v1/events?limit=5&topic={self.client.topic}")

    def judge(self, answer):
        rows = json.loads(answer.body)["data"]
        if any(row["topic"] != self.client.topic for row in rows):
            return f"another topic in {rows}"
        # Nobody else writes to this topic, so the newest row is the one just acknowledged, or one
        # whose acknowledgement was lost on the way.
        published = self.client.published
        if published and published[0] not in [row["id"] for row in rows]:
            newer = [row["payload"]["n"] for row in rows]
            if not set(newer) <= self.client.crowd.unknown_numbers:
                return f"{published} is missing in {newer}"
        return self.rows(rows, lambda row: row["payload"]["tenant"])


class ListEventsSpoofed(ListEvents):
    def bytes(self):
        other = self.client.other
        target = f"/v1/events?limit=5&tenantId={other}&topic={self.client.topic}&org_id={other}"
        return self.encode("GET", target, self.spoof())


class ReadEvent(Question):
    """The client's own newest event; before it has one, an id that nobody has."""
    upstream = "events"

    def bytes(self):
        published = self.client.published
        self.id, self.wanted = published or ("019a0000-0000-7000-8000-000000000000", None)
        self.expected = 200 if published else 404
        return self.encode("GET", f"/v1/events/{self.id}")

    def judge(self, answer):
        if self.wanted is None:
            return None
        seen = json.loads(answer.body)
        if seen["id"] != self.id or seen["payload"]["n"] != self.wanted:
            return f"asked for {self.wanted}, got {seen}"
        return self.rows([seen["payload"]], lambda payload: payload["tenant"])


class ReadForeignEvent(Question):
    """An event that exists, for somebody else: it must look like one that does not."""
    upstream = "events"
    expected = 404

    def bytes(self):
        client = self.client
        id = client.crowd.published.get(client.other, "019a0000-0000-7000-8000-000000000000")
        return self.encode("GET", f"/v1/events/{id}?tenant_id={client.other}", self.spoof())

    def judge(self, answer):
        if json.loads(answer.body)["code"] != "resource.not_found":
            return answer.body.decode()


#: Each with its share of all requests. What is made on a topic is asked for on the same connection,
#: so answers out of order would show.
MIX = [(ReadOrders, 14), (SpoofedReadOrders, 10), (StreamOrders, 8), (MakeOrder, 16),
       (MakeOrderInChunks, 4), (Publish, 14), (PublishWithoutID, 6), (SpoofedPublish, 5),
       (ListEvents, 9), (ListEventsSpoofed, 4), (ReadEvent, 9), (ReadForeignEvent, 6)]
