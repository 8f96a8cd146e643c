"""A browser without a screen: opens pages, fills in forms, follows links within one site.

The demo and the tests walk through payment pages with it as a buyer without JavaScript would.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx2

#: A page that sends us around more often than this is broken.
MOST_REDIRECTS = 10


@dataclass(frozen=True, slots=True)
class Form:
    """`fields` as the page filled them in; `action` is absolute."""

    name: str
    action: str
    method: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Where we are. After a redirect to another site `status` is 3xx and `url` that site's."""

    url: str
    status: int
    html: str
    forms: tuple[Form, ...] = ()

    def form(self, name: str) -> Form:
        """The form with that id. Raises NoSuchForm with what is there instead."""
        for form in self.forms:
            if form.name == name:
                return form
        there = ", ".join(form.name for form in self.forms) or "none"
        raise NoSuchForm(f"{self.url} ({self.status}) has no form {name!r}; it has: {there}")


class NoSuchForm(Exception):
    """The page is not the one that was expected."""


class Visitor:
    """Keeps cookies in `client`, so a client is one browser. Raises httpx2.HTTPError."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def open(self, url: str) -> Page:
        return await self._arrive(await self._client.get(url, follow_redirects=False))

    async def submit(self, form: Form, **values: str) -> Page:
        """Send `form` with `values` typed over what the page filled in."""
        filled = {**form.fields, **values}
        if form.method == "get":
            sent = self._client.get(form.action, params=filled, follow_redirects=False)
        else:
            sent = self._client.post(form.action, data=filled, follow_redirects=False)
        return await self._arrive(await sent)

    async def _arrive(self, response: httpx2.Response) -> Page:
        for _ in range(MOST_REDIRECTS):
            url = str(response.url)
            if not response.has_redirect_location:
                return read(url, response.status_code, response.text)
            target = urljoin(url, response.headers["location"])
            if _site(target) != _site(url):
                return Page(target, response.status_code, "")
            response = await self._client.get(target, follow_redirects=False)
        return Page(str(response.url), response.status_code, "")


def read(url: str, status: int, html: str) -> Page:
    """`html` with its forms found; `url` makes their actions absolute."""
    reader = _Reader(url)
    reader.feed(html)
    forms = tuple(Form(one.name, one.action, one.method, one.fields) for one in reader.forms)
    return Page(url, status, html, forms)


def _site(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


@dataclass(slots=True)
class _Found:
    name: str
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Inputs, text areas and selects within forms; buttons carry nothing here."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.forms: list[_Found] = []
        self._url = url
        self._inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                action = urljoin(self._url, said.get("action", ""))
                method = said.get("method", "get").lower()
                self.forms.append(_Found(said.get("id", ""), action, method))
                self._inside = True
            case "input" if self._typed_in(said):
                self.forms[-1].fields[said["name"]] = said.get("value", "")
            case "select" if self._inside:
                self._select = said.get("name", "")
            case "option" if self._select and ("selected" in said or self._first_option()):
                self.forms[-1].fields[self._select] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""

    def _typed_in(self, said: dict[str, str]) -> bool:
        if not self._inside or not said.get("name") or said.get("type") in {"submit", "button"}:
            return False
        # A box or radio that is not ticked sends nothing.
        return said.get("type") not in {"checkbox", "radio"} or "checked" in said

    def _first_option(self) -> bool:
        return self._select not in self.forms[-1].fields
