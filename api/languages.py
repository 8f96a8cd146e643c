"""Which language a person reads, and the words in it.

English stands in the code and in the templates; api/messages has a catalogue for every other
language. A page speaks what its address asks for (`?lang=`, kept in a cookie), else what the cookie
remembers, else what the browser prefers, else English. The API and its documents are English.
"""

import contextlib
import gettext as catalogues
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MESSAGES = Path(__file__).parent / "messages"
COOKIE = "lang"
COOKIE_AGE = 365 * 24 * 60 * 60
#: Of `Accept-Language`; nobody reads more languages, and a hostile header may have thousands.
MOST_PREFERENCES = 20


@dataclass(frozen=True, slots=True)
class Language:
    """`tag` as HTML and HTTP write it, `name` in itself, `locale` as Babel calls its formats."""

    tag: str
    name: str
    locale: str

    @property
    def catalogue(self) -> Path:
        return MESSAGES / f"{self.tag}.po"


#: With the dates that most of the world writes: 23 Nov 2026.
ENGLISH = Language("en", "English", "en_GB")
CHINESE = Language("zh-CN", "中文", "zh_CN")
LANGUAGES = (ENGLISH, CHINESE)

#: None while the answer is for somebody who has no choice. Every request sets it anew, so it is
#: never set back: the page about a bug is made outside of all middleware, and speaks it too.
_chosen: ContextVar[Language | None] = ContextVar("language", default=None)


def chosen() -> Language | None:
    """The language of this request's reader; None on pages that are in English only."""
    return _chosen.get()


def spoken() -> Language:
    return _chosen.get() or ENGLISH


def speak(language: Language | None) -> None:
    """What is said from here on, in this request."""
    _chosen.set(language)


@contextlib.contextmanager
def speaking(language: Language) -> Iterator[None]:
    """What is said inside, by whoever answers no request."""
    before = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(before)


def gettext(message: str) -> str:
    return words(spoken()).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    return words(spoken()).ngettext(one, many, number)


_ = gettext


def N_(message: str) -> str:
    """Only marks: these words are translated where they are shown."""
    return message


@cache
def words(language: Language) -> catalogues.NullTranslations:
    """Compiled here and not beforehand: some ten milliseconds, and nothing that can be stale."""
    if language is ENGLISH:
        return catalogues.NullTranslations()
    with language.catalogue.open("rb") as file:
        written = read_po(file, locale=language.locale)
    compiled = BytesIO()
    write_mo(compiled, written)
    compiled.seek(0)
    return catalogues.GNUTranslations(compiled)


def named(tag: str) -> Language | None:
    """The language that has exactly this tag."""
    return next((language for language in LANGUAGES if language.tag == tag), None)


def preferred(accept_language: str) -> Language:
    """The best of what a browser says (RFC 9110, 12.5.4); any Chinese is better read in Chinese."""
    wishes = [wish.strip() for wish in accept_language.split(",")[:MOST_PREFERENCES]]
    for wish in sorted(wishes, key=_weight, reverse=True):
        tongue = wish.partition(";")[0].partition("-")[0].lower()
        for language in LANGUAGES:
            if language.tag.partition("-")[0] == tongue and _weight(wish) > 0:
                return language
    return ENGLISH


def _weight(wish: str) -> float:
    """Its `q`, from 0 to 1; nothing for one that is no number."""
    _tag, _semicolon, said = wish.partition(";")
    number = said.strip().removeprefix("q=") or "1"
    return float(number) if number.replace(".", "", 1).isdecimal() else 0


class Multilingual:
    """Every address under `folders` answers in its reader's language."""

    def __init__(self, app: ASGIApp, folders: Collection[str], *, secure: bool) -> None:
        self._app = app
        self._folders = tuple(folders)
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._folders):
            speak(None)
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        asked = named(request.query_params.get("lang", ""))
        remembered = named(request.cookies.get(COOKIE, ""))
        language = asked or remembered or preferred(request.headers.get("accept-language", ""))
        speak(language)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Language"] = language.tag
                headers.add_vary_header("Accept-Language, Cookie")
                if asked:
                    headers.append("Set-Cookie", self._cookie(asked))
            await send(message)

        await self._app(scope, receive, told)

    def _cookie(self, language: Language) -> str:
        cookie = f"{COOKIE}={language.tag}; Max-Age={COOKIE_AGE}; Path=/; SameSite=Lax; HttpOnly"
        return f"{cookie}; Secure" if self._secure else cookie
