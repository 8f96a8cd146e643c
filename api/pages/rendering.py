"""Templates, and how money and moments are written on a page."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from domain.currencies import EXPONENTS

_CODE = re.compile(r"`([^`]+)`")
HERE = Path(__file__).parent


@cache
def templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = money
    environment.filters["moment"] = moment
    environment.filters["prose"] = prose
    environment.filters["sentence"] = sentence
    return environment


def page(template: str, status: int = 200, **shown: object) -> HTMLResponse:
    html = templates().get_template(template).render(**shown)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


def money(amount: int, currency: str) -> str:
    """`1,234.56 CNY`, with the currency's own number of decimals."""
    exponent = EXPONENTS[currency]
    whole, part = divmod(amount, 10**exponent)
    decimals = f".{part:0{exponent}d}" if exponent else ""
    return f"{whole:,}{decimals} {currency}"


def prose(text: str) -> Markup:
    """Escaped, with `what stands in backticks` set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped)


def sentence(text: str) -> str:
    """A refusal's words as a page says them."""
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?" else ".")


def moment(at: datetime) -> Markup:
    """An absolute time, the same for whoever reads it."""
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), f"{utc:%a} {utc.day} {utc:%b %Y, %H:%M} UTC"
    )
