"""What the document says about the headers of answers. Routes and `api.middleware` send them."""

from typing import Any

Headers = dict[str, dict[str, Any]]

#: On every answer of `/v1`.
ALWAYS = ("X-Request-Id",)
#: On every answer to whoever says who asks.
QUOTA = ("RateLimit-Policy", "RateLimit")
HEADERS: Headers = {
    "X-Request-Id": {
        "description": "What we call this request; yours, if you sent a well-formed one.",
        "schema": {"type": "string"},
        "example": "req_0193c8a1b2c37d4e8f9a0b1c2d3e4f50",
    },
    "RateLimit-Policy": {
        "description": "Whose quota this was, how much it is, and its window in seconds.",
        "schema": {"type": "string"},
        "example": '"key";q=6000;w=60',
    },
    "RateLimit": {
        "description": "How much of it is left, and in how many seconds all of it is there again.",
        "schema": {"type": "string"},
        "example": '"key";r=5999;t=42',
    },
    "Retry-After": {
        "description": "Seconds to wait before the same request is worth another try.",
        "schema": {"type": "integer"},
        "example": 2,
    },
    "WWW-Authenticate": {
        "description": "How to say who is asking.",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
    "ETag": {
        "description": "The purchase's version, for `If-Match` and `If-None-Match`.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "Idempotent-Replayed": {
        "description": "`true` when this was answered before, to the same key.",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
}
#: Status → what comes with it.
WITH_STATUS = {
    "304": ("ETag",),
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
#: Statuses that are answers to a command, and are answered again.
KEPT = ("200", "201", "202", "409")
PURCHASE = "#/components/schemas/EscrowOut"


def describe(method: str, operation: dict[str, Any]) -> None:
    """Let each answer of `operation` name its headers."""
    for status, response in operation["responses"].items():
        names = [*ALWAYS, *WITH_STATUS.get(status, ())]
        if "security" in operation:
            names += QUOTA
        if method == "post" and "security" in operation and status in KEPT:
            names.append("Idempotent-Replayed")
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        if schema.get("$ref") == PURCHASE:
            names.append("ETag")
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
