"""A person at a browser: opens pages, fills in forms, presses buttons, keeps cookies.

Runs no JavaScript, so whatever it can do works without.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import httpx2

#: Fields whose value a form brings along; of the others a person chooses or types one.
BROUGHT = ("hidden", "text", "email", "tel", "number", "password", "")


class PageNotAsExpected(Exception):
    """A page says no, or lacks what a person would press; the message quotes it."""


@dataclass(slots=True)
class Form:
    """One form: where it goes, what it brings along, and its buttons as (name, value, label)."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    url: str
    status: int
    forms: tuple[Form, ...]
    text: str

    def form(self, having: str) -> Form:
        """The form whose action, or one of whose buttons, has `having`. Raises otherwise."""
        for form in self.forms:
            labels = [" ".join(button) for button in form.buttons]
            if any(having in said for said in (form.action, *labels)):
                return form
        raise PageNotAsExpected(f"{self.url} ({self.status}) has no {having!r}: {self.text[:400]}")


class Browser:
    """Use as an async context manager."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._client = httpx2.AsyncClient(
            follow_redirects=True, timeout=30, trust_env=False, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._client.aclose()

    def cookie(self, name: str) -> str:
        """Its value; "" when no page has set it."""
        return self._client.cookies.get(name) or ""

    async def open(self, url: str) -> Page:
        """Raises PageNotAsExpected when it is not 200."""
        return _page(await self._client.get(url))

    async def press(self, page: Page, button: str, **typed: str) -> Page:
        """Fill in `typed`, press the button that says or carries `button`, follow redirects."""
        form = page.form(button)
        values = {**form.fields, **typed}
        values |= {name: value for name, value, label in form.buttons if name and button in value}
        target = urljoin(page.url, form.action)
        if form.method == "get":
            return _page(await self._client.get(target, params=values))
        return _page(await self._client.post(target, data=values))


def _page(response: httpx2.Response) -> Page:
    reader = _Reader()
    reader.feed(response.text)
    text = " ".join(" ".join(reader.words).split())
    page = Page(str(response.url), response.status_code, tuple(reader.forms), text)
    if response.status_code != 200:
        raise PageNotAsExpected(f"{page.url} answered {page.status}: {page.text[:400]}")
    return page


class _Reader(HTMLParser):
    """Collects forms and the words that are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._inside: Form | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in ("style", "script", "title"):
            self._silent += 1
        if tag == "form":
            self._inside = Form(said.get("action", ""), said.get("method", "get").lower())
            self.forms.append(self._inside)
        elif self._inside and tag == "button":
            self._inside.buttons.append((said.get("name", ""), said.get("value", ""), ""))
        elif self._inside and tag == "input":
            self._field(self._inside, said)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "title"):
            self._silent -= 1
        if tag == "form":
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.words.append(data)
        if self._inside and self._inside.buttons:
            name, value, label = self._inside.buttons[-1]
            self._inside.buttons[-1] = (name, value, f"{label} {data.strip()}".strip())

    def _field(self, form: Form, said: dict[str, str]) -> None:
        kind = said.get("type", "")
        if kind == "submit":
            form.buttons.append((said.get("name", ""), said.get("value", ""), ""))
        elif kind in BROUGHT or (kind in ("radio", "checkbox") and "checked" in said):
            form.fields[said.get("name", "")] = said.get("value", "")
