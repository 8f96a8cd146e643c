"""Templates, and how money and moments are written on a page."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import segno
from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_currency, get_currency_symbol
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api.languages import ENGLISH, LANGUAGES, chosen, gettext, ngettext, spoken
from api.pages import plots
from api.pages.codes import called
from domain.currencies import EXPONENTS

_CODE = re.compile(r"`([^`]+)`")
HERE = Path(__file__).parent


@cache
def templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension's
        gettext, ngettext, newstyle=True
    )
    environment.globals.update(languages=LANGUAGES, chosen=chosen, spoken=spoken, now=now)
    environment.globals.update(bars=plots.bars, plot_width=plots.WIDTH, plot_height=plots.HEIGHT)
    environment.filters["money"] = money
    environment.filters["moment"] = moment
    environment.filters["left"] = left
    environment.filters["prose"] = prose
    environment.filters["sentence"] = sentence
    environment.filters["called"] = called
    return environment


def page(template: str, status: int = 200, **shown: object) -> HTMLResponse:
    html = templates().get_template(template).render(**shown)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


def money(amount: int, currency: str) -> str:
    """`1,234.56 CNY`, `¥1,234.56` in Chinese; with the currency's own number of decimals."""
    exponent = EXPONENTS[currency]
    number = "#,##0" + ("." + "0" * exponent if exponent else "")
    return format_currency(
        Decimal(amount).scaleb(-exponent),
        currency,
        number + " ¤¤" if spoken() is ENGLISH else _before(currency) + number,
        locale=spoken().locale,
        currency_digits=False,
    )


def _before(currency: str) -> str:
    """Babel's sign for its symbol, and a gap where that is letters: `¥1.00`, `KWD 1.000`."""
    symbol = get_currency_symbol(currency, locale=spoken().locale)
    return "¤" if unicodedata.category(symbol[-1]) == "Sc" else "¤\N{NO-BREAK SPACE}"


def qr(url: str) -> Markup:
    """An SVG for a phone's camera: black on white with a quiet zone, also on a dark page."""
    code = segno.make(url, error="m", micro=False)
    svg = code.svg_inline(scale=4, border=4, light="#fff", omitsize=True, unit="")
    return Markup(svg)  # noqa: S704 (drawn from modules, it has no text of anybody's)


def now() -> str:
    """What a page's script sets its clock by."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def prose(text: str) -> Markup:
    """Escaped, with `what stands in backticks` set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped)


def sentence(text: str) -> str:
    """A refusal's words as a page says them."""
    stop = "." if spoken() is ENGLISH else "。"
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?。！？" else stop)


def moment(at: datetime) -> Markup:
    """An absolute time, the same for whoever reads it; a script tells it in the reader's zone."""
    utc, locale = at.astimezone(UTC), spoken().locale
    day = format_skeleton("yMMMEd", utc, locale=locale)
    separator = ", " if spoken() is ENGLISH else " "
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), f"{day}{separator}{utc:%H:%M} UTC"
    )


def left(until: datetime) -> Markup:
    """How long it is until then, as the page is made; a script counts on."""
    rest = max(until - datetime.now(UTC), timedelta(0))
    return Markup('<time class="left" datetime="{}">{}</time>').format(
        until.astimezone(UTC).isoformat(timespec="seconds"),
        format_timedelta(rest, locale=spoken().locale),
    )
