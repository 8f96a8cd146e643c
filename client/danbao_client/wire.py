"""From a Call to an HTTP request, and from the response to what was asked for, or an exception."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypedDict, TypeVar
from urllib.parse import quote, urlsplit

import httpx2
from pydantic import ValidationError

from danbao_client.calls import NOT_MODIFIED, Asked, Call
from danbao_client.errors import NoAnswer, UnreadableAnswer
from danbao_client.problems import NotFound, Problem, problem
from danbao_client.retries import retry_after

T = TypeVar("T")

#: Seconds. A command waits until the purchase has decided, and the bank may be slow.
PATIENCE = 30.0
CONNECTING = 5.0
NO_CONTENT = 204


class Request(TypedDict):
    """Keyword arguments of httpx2's `request`."""

    method: str
    url: str
    params: dict[str, Asked]
    headers: dict[str, str]
    content: bytes | None
    timeout: httpx2.Timeout
    follow_redirects: bool


@dataclass(frozen=True, slots=True)
class Wire:
    """Where the API is, and who is asking. `repr` shows no more of the key than its end."""

    base_url: str
    api_key: str = field(repr=False)
    timeout: float = PATIENCE

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("base_url is an http or https address without a user name")
        if not self.api_key or not (self.api_key.isascii() and self.api_key.isprintable()):
            raise ValueError("api_key is empty, or not a key: ek_test_… or ek_live_…")

    def shown(self, name: str) -> str:
        return f"<{name} {self.base_url} key …{self.api_key[-4:]}>"

    def request(self, call: Call[Any]) -> Request:
        path = call.path.format(**{name: quote(each, safe="") for name, each in call.ids.items()})
        headers = {
            "accept": "application/json",
            "authorization": f"Bearer {self.api_key}",
            "user-agent": USER_AGENT,
            **call.headers,
        }
        if call.key:
            headers["idempotency-key"] = call.key
        content = None
        if call.body is not None:
            content = json.dumps(call.body).encode()
            headers["content-type"] = "application/json"
        elif call.form is not None:
            headers["content-type"], content = call.form.encoded()
        return Request(
            method=call.method,
            url=self.base_url.rstrip("/") + path,
            params=dict(call.query),
            headers=headers,
            content=content,
            timeout=httpx2.Timeout(self.timeout + call.wait, connect=CONNECTING),
            follow_redirects=False,
        )


def _user_agent() -> str:
    try:
        ours = version("danbao-client")
    except PackageNotFoundError:
        ours = "checkout"
    return f"danbao-client/{ours} python/{platform.python_version()}"


USER_AGENT = _user_agent()


def answer(call: Call[T], status: int, headers: Mapping[str, str], body: bytes) -> T | Problem:
    """What was asked for, or the problem. Raises UnreadableAnswer."""
    if not (200 <= status < 300 or status == NOT_MODIFIED):
        wish = retry_after(headers.get("retry-after", ""))
        return problem(status, _document(body), retry_after=wish, idempotency_key=call.key)
    try:
        return call.read(status, body)
    except ValidationError as broken:
        # Without the input: it holds personal data, and links that open a purchase.
        wrong = "; ".join(f"{_place(each['loc'])}: {each['msg']}" for each in broken.errors())
        said = f"{call.method} {call.path} {status}: {wrong}"
        raise UnreadableAnswer(said, call.key) from None


def deleted(call: Call[T], got: Problem | NoAnswer) -> bool:
    """Whether a try before this one has done it, and only its answer got lost."""
    return call.method == "DELETE" and isinstance(got, NotFound)


def no_answer(call: Call[Any], broken: httpx2.HTTPError) -> NoAnswer:
    return NoAnswer(f"{call.method} {call.path}: {broken!r}", call.key)


def _document(body: bytes) -> dict[str, Any]:
    """{} for what is no problem document, such as a proxy's page."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc)) or "the body"
