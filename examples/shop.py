"""A merchant's shop in one file: of Danbao it uses nothing but the client.

    DANBAO_URL=http://127.0.0.1:8800 DANBAO_API_KEY=ek_test_… SHOP_WEBHOOK_SECRETS=whsec_… \\
        python examples/shop.py

`./dev demo` starts it, and docs/guides/shop.md explains it. A real shop has a login before
`/orders`; this one listens to its own machine only.
"""

import asyncio
import hashlib
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Annotated, Self, cast

import uvicorn
from fastapi import Depends, FastAPI, Form, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from jinja2 import DictLoader, Environment
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

from danbao_client import (
    AsyncDanbao,
    DanbaoError,
    Escrow,
    EscrowEvent,
    NotVerified,
    Problem,
    Status,
    verify_webhook,
)


@dataclass(frozen=True)
class Settings:
    """`url` is where buyers find us. Two `secrets` are good while one replaces the other."""

    danbao_url: str
    api_key: str = field(repr=False)
    secrets: list[str] = field(repr=False)
    host: str
    port: int
    url: str
    database: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        port = int(environ.get("SHOP_PORT", "8820"))
        return cls(
            danbao_url=environ["DANBAO_URL"],
            api_key=environ["DANBAO_API_KEY"],
            secrets=environ["SHOP_WEBHOOK_SECRETS"].split(),
            host=environ.get("SHOP_HOST", "127.0.0.1"),
            port=port,
            url=environ.get("SHOP_URL", f"http://127.0.0.1:{port}"),
            database=environ.get("SHOP_DATABASE", "shop.sqlite"),
        )


@dataclass(frozen=True)
class Product:
    name: str
    price: int  # fen
    words: str
    picture: str  # what is inside a 96 by 96 <svg>


PRODUCTS = {
    "boots": Product(
        "Walking boots", 12_900, "Size 42, waxed leather, resoled for life.",
        '<path d="M34 12h22v38c0 6 24 6 26 22v6H30V12z"/><path class="dark" d="M28 78h56v8H28z"/>',
    ),
    "teapot": Product(
        "A teapot for two", 4_900, "Stoneware from Jingdezhen, 600 ml.",
        '<path d="M26 40h40c8 0 8 40-8 40H34c-16 0-16-40-8-40z"/><circle cx="46" cy="34" r="5"/>'
        '<path class="line" d="M66 48c20-8 18 24-4 24M22 56C10 56 12 44 6 40"/>',
    ),
    "lamp": Product(
        "A reading lamp", 8_800, "Warm light, a switch that clicks.",
        '<path d="M34 14h28l12 34H22z"/><path class="dark" d="M45 48h6v30h14v6H31v-6h14z"/>',
    ),
    "coat": Product(
        "A winter coat", 23_900, "Wool, lined, with pockets inside.",
        '<path d="M36 12h24l18 14-6 22-8-4v40H32V44l-8 4-6-22z"/>'
        '<path class="line" d="M48 16v66M40 36h2M40 52h2"/>',
    ),
}  # fmt: skip

#: What the back office reads; a buyer reads the same but for these.
STATUS = {
    Status.AWAITING_PAYMENT: "waits for payment",
    Status.AWAITING_SHIPMENT: "paid: send it",
    Status.AWAITING_CONFIRMATION: "on its way",
    Status.DISPUTED: "disputed",
    Status.COMPLETED: "completed",
    Status.REFUNDED: "refunded",
    Status.CLOSED: "closed",
}
BUYERS_STATUS = STATUS | {
    Status.AWAITING_PAYMENT: "not paid yet",
    Status.AWAITING_SHIPMENT: "paid, being packed",
}


class Orders:
    """The shop's own books, in SQLite. `hear` is all that a webhook has to do."""

    def __init__(self, path: str) -> None:
        self._path = path
        with self._books() as books:
            books.executescript(TABLES)

    def add(self, escrow: Escrow, what: str, ticket: str) -> None:
        """A purchase that was begun here; once, however often the buyer pressed the button."""
        with self._books() as books:
            books.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT DO UPDATE"
                " SET what = excluded.what, ticket = excluded.ticket, page = excluded.page",
                (
                    *(escrow.id, escrow.order_id, escrow.amount, escrow.status, escrow.version),
                    *(what, ticket, escrow.order_url),
                ),
            )

    def hear(self, event: EscrowEvent) -> None:
        """Believe `event` unless it was heard before, or is older than what is known."""
        told = event.escrow
        with self._books() as books:
            heard = books.execute(
                "INSERT OR IGNORE INTO heard VALUES (?, ?, ?, ?, ?)",
                (event.id, event.type, told.order_id, event.sequence, event.timestamp.isoformat()),
            )
            if not heard.rowcount:
                return
            books.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?, '', ?, '', '') ON CONFLICT DO UPDATE"
                " SET status = excluded.status, version = excluded.version,"
                " sequence = excluded.sequence WHERE excluded.sequence > orders.sequence"
                " AND excluded.version >= orders.version",
                (told.id, told.order_id, told.amount, told.status, told.version, event.sequence),
            )

    def answered(self, escrow: Escrow) -> None:
        """What a command of ours was answered; its event tells the same in a moment."""
        with self._books() as books:
            books.execute(
                "UPDATE orders SET status = ?, version = ? WHERE escrow_id = ? AND version < ?",
                (escrow.status, escrow.version, escrow.id, escrow.version),
            )

    def read_up_to(self) -> str | None:
        """The last event that was read in the log."""
        for row in self._rows("SELECT event_id FROM log_read"):
            return cast(str, row["event_id"])
        return None

    def have_read(self, event_id: str) -> None:
        with self._books() as books:
            books.execute("INSERT OR REPLACE INTO log_read VALUES (1, ?)", (event_id,))

    def all(self) -> list[sqlite3.Row]:
        return self._rows("SELECT * FROM orders ORDER BY escrow_id DESC LIMIT 100")

    def news(self) -> list[sqlite3.Row]:
        return self._rows("SELECT * FROM heard ORDER BY at DESC, sequence DESC LIMIT 8")

    def by_ticket(self, ticket: str) -> sqlite3.Row:
        return self._one("SELECT * FROM orders WHERE ticket = ?", ticket)

    def by_id(self, escrow_id: str) -> sqlite3.Row:
        return self._one("SELECT * FROM orders WHERE escrow_id = ?", escrow_id)

    def _one(self, query: str, value: str) -> sqlite3.Row:
        """404 when there is none."""
        for order in self._rows(query, value):
            return order
        raise HTTPException(404, "There is no such order.")

    def _rows(self, query: str, *values: str) -> list[sqlite3.Row]:
        with self._books() as books:
            return books.execute(query, values).fetchall()

    @contextmanager
    def _books(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        books = sqlite3.connect(self._path)
        books.row_factory = sqlite3.Row
        try:
            with books:
                yield books
        finally:
            books.close()


TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    escrow_id TEXT PRIMARY KEY, order_id TEXT, amount INTEGER, status TEXT, version INTEGER,
    what TEXT, sequence INTEGER, ticket TEXT, page TEXT
);
CREATE TABLE IF NOT EXISTS heard (
    webhook_id TEXT PRIMARY KEY, type TEXT, order_id TEXT, sequence INTEGER, at TEXT
);
CREATE TABLE IF NOT EXISTS log_read (one INTEGER PRIMARY KEY, event_id TEXT);
"""


@asynccontextmanager
async def opened(shop: FastAPI) -> AsyncIterator[None]:
    settings = Settings.from_environment(os.environ)
    shop.state.settings, shop.state.orders = settings, Orders(settings.database)
    async with (
        AsyncDanbao(settings.danbao_url, settings.api_key) as shop.state.danbao,
        asyncio.TaskGroup() as meanwhile,
    ):
        catching_up = meanwhile.create_task(catch_up(shop.state.danbao, shop.state.orders))
        yield
        catching_up.cancel()


async def catch_up(danbao: AsyncDanbao, orders: Orders) -> None:
    """Read in the event log what was told while the shop was closed.

    Only to be quick: webhooks are repeated for three days.
    """
    with suppress(DanbaoError):
        async for event in danbao.events.list(after=orders.read_up_to()):
            if isinstance(event, EscrowEvent):
                orders.hear(event)
            orders.have_read(event.id)


def the_settings(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


def the_orders(request: Request) -> Orders:
    return cast(Orders, request.app.state.orders)


def the_danbao(request: Request) -> AsyncDanbao:
    return cast(AsyncDanbao, request.app.state.danbao)


OurSettings = Annotated[Settings, Depends(the_settings)]
OurOrders = Annotated[Orders, Depends(the_orders)]
OurDanbao = Annotated[AsyncDanbao, Depends(the_danbao)]

shop = FastAPI(title="Tea & Boots", lifespan=opened, docs_url=None, openapi_url=None)


class Bought(BaseModel):
    """A form of the catalogue."""

    product: str
    email: str
    ticket: str = Field(pattern=r"^[\w-]{22}$")


@shop.get("/")
async def catalogue() -> Response:
    """Each form has a ticket: pressed twice, it is one order."""
    tickets = {name: secrets.token_urlsafe(16) for name in PRODUCTS}
    return page("catalogue", products=PRODUCTS, tickets=tickets)


@shop.post("/orders")
async def buy(
    form: Annotated[Bought, Form()], danbao: OurDanbao, orders: OurOrders, ours: OurSettings
) -> Response:
    """Start a purchase and lead the buyer to Danbao's cashier."""
    wanted = PRODUCTS.get(form.product)
    if wanted is None:
        raise HTTPException(404, "We don't have that.")
    escrow = await danbao.escrows.create(
        order_id=f"S-{hashlib.sha256(form.ticket.encode()).hexdigest()[:8].upper()}",
        amount=wanted.price,
        currency="CNY",
        description=wanted.name,
        buyer_email=form.email,
        return_url=f"{ours.url}/thanks/{form.ticket}",
        idempotency_key=f"order-{form.ticket}",
    )
    orders.add(escrow, wanted.name, form.ticket)
    return RedirectResponse(escrow.checkout_url, 303)


@shop.get("/thanks/{ticket}")
async def thanks(ticket: str, orders: OurOrders) -> Response:
    """Where the buyer comes back to. Whether it was paid says Danbao, never the way here."""
    return page("thanks", order=orders.by_ticket(ticket), words=BUYERS_STATUS)


@shop.get("/orders")
async def back_office(orders: OurOrders) -> Response:
    return page("orders", orders=orders.all(), news=orders.news(), words=STATUS)


@shop.post("/orders/{escrow_id}/shipment")
async def ship(escrow_id: str, danbao: OurDanbao, orders: OurOrders) -> Response:
    """Pressed twice it is one command: the key follows from what the merchant saw."""
    order = orders.by_id(escrow_id)
    sent = await danbao.escrows.ship(
        escrow_id,
        carrier="SF Express",
        tracking=f"SF{order['order_id']}",
        idempotency_key=f"ship-{escrow_id}-{order['version']}",
    )
    orders.answered(sent)
    return RedirectResponse("/orders", 303)


@shop.post("/webhooks")
async def hear(request: Request, orders: OurOrders, ours: OurSettings) -> Response:
    """What Danbao tells us, and nobody else."""
    try:
        event = verify_webhook(await request.body(), request.headers, ours.secrets)
    except NotVerified as forged:
        return PlainTextResponse(str(forged), 401)
    if isinstance(event, EscrowEvent):
        orders.hear(event)
    return Response(status_code=204)


@shop.get("/healthz")
async def healthz() -> Response:
    return PlainTextResponse("open")


@shop.exception_handler(DanbaoError)
async def not_now(_request: Request, error: DanbaoError) -> Response:
    """Nothing is lost: the same form can be sent again."""
    if isinstance(error, Problem) and error.status < 500 and error.status not in (401, 429):
        flaws = "; ".join(flaw.detail for flaw in error.errors)
        return page("trouble", error.status, said=flaws or error.detail)
    return page("trouble", 503, said="Danbao does not answer. Try again in a moment.")


@shop.exception_handler(StarletteHTTPException)
async def no_such_page(_request: Request, error: StarletteHTTPException) -> Response:
    return page("trouble", error.status_code, said=error.detail)


@shop.exception_handler(RequestValidationError)
async def not_our_form(_request: Request, _error: RequestValidationError) -> Response:
    return page("trouble", 422, said="Order from the catalogue, please.")


@shop.middleware("http")
async def guarded(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """No other site presses our buttons, frames our pages or puts anything into them."""
    if request.method == "POST" and request.headers.get("sec-fetch-site") == "cross-site":
        return PlainTextResponse("Press the button on our own page.", 403)
    answer = await go_on(request)
    answer.headers["cache-control"] = "no-store"
    answer.headers["referrer-policy"] = "same-origin"
    answer.headers["content-security-policy"] = (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none';"
        " frame-ancestors 'none'"
    )
    return answer


@shop.get("/shop.css")
async def style() -> Response:
    return Response(CSS, media_type="text/css")


def page(name: str, status: int = 200, **facts: object) -> Response:
    return HTMLResponse(PAGES.get_template(name).render(facts), status)


BASE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<title>{% block title %}Tea &amp; Boots{% endblock %}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{% block head %}{% endblock %}
<link rel="stylesheet" href="/shop.css"><link rel="icon" href="data:,"></head><body>
<header><a class="brand" href="/">Tea &amp; Boots</a>
<nav><a href="/">Catalogue</a> <a href="/orders">Back office</a></nav></header>
<main>{% block main %}{% endblock %}</main>
<footer>An example shop. Danbao holds the money until the goods are there.</footer></body></html>
"""

CATALOGUE = """{% extends "base" %}{% block main %}
<h1>Good things that last</h1>
<p class="lead">Pay now; we are paid when you say that it has arrived.</p>
<div class="shelf">{% for key, product in products.items() %}
<form class="card" method="post" action="/orders">
<svg viewBox="0 0 96 96" aria-hidden="true">{{ product.picture | safe }}</svg>
<h2>{{ product.name }}</h2><p class="words">{{ product.words }}</p>
<p class="price">{{ product.price | yuan }}</p>
<input type="hidden" name="product" value="{{ key }}">
<input type="hidden" name="ticket" value="{{ tickets[key] }}">
<label>Your e-mail <input type="email" name="email" value="li.lei@example.com" required></label>
<button>Buy<span class="unseen"> {{ product.name }}</span></button></form>{% endfor %}</div>
{% endblock %}"""

THANKS = """{% extends "base" %}{% block title %}{{ order.order_id }}{% endblock %}
{% block head %}<meta http-equiv="refresh" content="5">{% endblock %}{% block main %}
<h1>Thank you</h1><div class="card wide"><p>{{ order.what }}, {{ order.amount | yuan }}</p>
<p>Order <b>{{ order.order_id }}</b>
<span class="pill {{ order.status }}">{{ words.get(order.status, order.status) }}</span></p>
<p>Your money is safe: it is ours only when you confirm that the parcel is there.</p>
<p><a class="button" href="{{ order.page }}">Follow your order at Danbao</a></p></div>
{% endblock %}"""

ORDERS = """{% extends "base" %}{% block title %}Orders{% endblock %}
{% block head %}<meta http-equiv="refresh" content="3">{% endblock %}{% block main %}
<h1>Orders</h1><p class="lead">Kept up to date by Danbao's signed webhooks.</p>
{% if not orders %}<p class="card wide">None yet: <a href="/">buy something</a>.</p>{% endif %}
<ul class="list">{% for order in orders %}<li class="card" id="{{ order.escrow_id }}">
<span><b>{{ order.order_id }}</b><small>{{ order.what or "ordered by API" }}</small></span>
<span class="price">{{ order.amount | yuan }}</span>
<span class="pill {{ order.status }}">{{ words.get(order.status, order.status) }}</span>
<span class="act">{% if order.status == "awaiting_shipment" %}
<form method="post" action="/orders/{{ order.escrow_id }}/shipment"><button>Ship</button></form>
{% endif %}</span></li>{% endfor %}</ul>
<h2>What Danbao told us</h2><ul class="news">{% for each in news %}
<li><time>{{ each.at[11:19] }}</time> <code>{{ each.type }}</code> no. {{ each.sequence }} of
{{ each.order_id }}</li>{% else %}<li>Nothing yet.</li>{% endfor %}</ul>
{% endblock %}"""

TROUBLE = """{% extends "base" %}{% block title %}Not now{% endblock %}{% block main %}
<h1>That did not work</h1>
<p class="card wide">{{ said }}<br><a href="/">Back to the catalogue</a></p>
{% endblock %}"""

CSS = """
:root { --ink: #23302b; --soft: #68756f; --paper: #f6f3ec; --leaf: #1f6b4f; --line: #ded8ca }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif }
header, main, footer { max-width: 66rem; margin: 0 auto; padding: 1rem 1.25rem }
header { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline;
  justify-content: space-between }
.brand { font: 700 1.5rem Georgia, "Noto Serif", serif; text-decoration: none; color: inherit }
a { color: var(--leaf) } nav a { margin-left: 1.25rem } nav a:first-child { margin-left: 0 }
h1 { font: 700 2rem/1.2 Georgia, "Noto Serif", serif; margin: 1rem 0 .5rem }
h2 { font-size: 1.05rem; margin: .75rem 0 .25rem } .lead, footer, small, time { color: var(--soft) }
p { margin: .25rem 0 .75rem } footer { margin-top: 2rem; font-size: .9rem }
.card { background: #fff; border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem }
.shelf { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1rem }
.shelf .card { display: flex; flex-direction: column } .words { flex-grow: 1 }
.wide { max-width: 34rem } .unseen { position: absolute; clip-path: inset(50%) }
svg { height: 8rem; fill: #c9a66b; background: #efe9db; border-radius: .5rem }
svg .dark { fill: #5b4a2f } svg .line { fill: none; stroke: #5b4a2f; stroke-width: 3 }
.price { font-weight: 700; font-variant-numeric: tabular-nums }
label { font-size: .85rem; color: var(--soft) }
input { display: block; width: 100%; margin: .15rem 0 .75rem; padding: .5rem; font: inherit;
  border: 1px solid #857f70; border-radius: .4rem; background: #fff; color: inherit }
button, .button { display: inline-block; padding: .6rem 1rem; border: 0; border-radius: .4rem;
  background: var(--leaf); color: #fff; font: inherit; font-weight: 600; line-height: 1.3;
  text-decoration: none; cursor: pointer }
button:hover, .button:hover { background: #15503a }
:focus-visible { outline: 3px solid #e0a526; outline-offset: 2px }
.list { list-style: none; padding: 0; display: grid; gap: .5rem }
.list .card { display: grid; grid-template-columns: 1fr 7rem 11rem 5rem; gap: .75rem;
  align-items: center; padding: .6rem 1.25rem; min-height: 4rem }
small { display: block } .list .price, .act { text-align: right }
.pill { padding: .15rem .7rem; border-radius: 1rem; background: #e8e4d9; font-size: .9rem;
  justify-self: start; white-space: nowrap }
.awaiting_shipment { background: #ffe3a8 } .awaiting_confirmation { background: #d9e8f7 }
.completed { background: #cfead9 } .disputed { background: #f7d3cd }
.news { color: var(--soft); padding: 0; list-style: none; font-size: .9rem }
code { color: var(--ink) }
@media (max-width: 40rem) {
  .list .card { grid-template-columns: 1fr auto } .act { text-align: right }
}
"""

PAGES = Environment(
    loader=DictLoader(
        {
            "base": BASE,
            "catalogue": CATALOGUE,
            "thanks": THANKS,
            "orders": ORDERS,
            "trouble": TROUBLE,
        }
    ),
    autoescape=True,
)
PAGES.filters["yuan"] = lambda fen: f"¥ {fen // 100:,}.{fen % 100:02}"


if __name__ == "__main__":
    ours = Settings.from_environment(os.environ)
    uvicorn.run(shop, host=ours.host, port=ours.port, log_level="warning")
