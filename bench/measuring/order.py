"""A JSON document as shops send one, for whoever measures what cleaning it costs."""
import json


def order(size=1024, tenant=None):
    """Exactly `size` bytes; with a member that names a tenant where one is given."""
    item = {"sku": "SKU-4711", "quantity": 3, "unit_price": 19.95, "description": "the warehouse"}
    document = {"order_id": "ord_2026_000815", **({"tenantId": tenant} if tenant else {}),
                "customer": {"name": "Ada Lovelace", "email": "ada@example.com", "street": "12 Example Road"},
                "items": [item] * (9 * size // 1024), "currency": "EUR", "note": ""}
    document["note"] = "x" * (size - len(json.dumps(document, separators=(",", ":"))))
    return json.dumps(document, separators=(",", ":"))
