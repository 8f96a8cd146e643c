"""The application: routes, errors, headers and documents, put together from explicit parts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from api import (
    failures,
    idempotency,
    pages,
    purchases,
    reference,
    routes,
)
from api.cursors import Cursors
from api.doors import Doors
from api.evidence.files import Files
from api.languages import Multilingual
from api.links import Links
from api.middleware import BodyLimit, Envelope, safe_headers
from api.operators.sessions import DESK
from api.operators.unfinished import keep_finishing
from api.pages.merchant.sessions import CONSOLE
from api.pages.rendering import HERE as PAGES
from api.quotas import Quotas
from api.trade import Trade
from api.waiting import Watch
from api.wallet import accounts
from api.wallet.addresses import Recognition
from api.wallet.entrances import EntranceLinks
from api.wallet.mail import Post
from api.wallet.room import Wallet
from banks.port import Keeper
from runtime.settings import Settings
from webhooks import attempts

#: Answers are kept for 30 days; nobody minds an hour more.
FORGETTING = timedelta(hours=1)
NO_KEEPERS: Mapping[str, Keeper] = {}

log = structlog.get_logger()


def create_app(
    settings: Settings,
    engine: AsyncEngine,
    client: Client,
    keepers: Mapping[str, Keeper] = NO_KEEPERS,
) -> FastAPI:
    """The doors over this database and this Temporal; whoever made them closes them.

    `keepers` are the banks, by name, that keep methods for the wallet.
    """
    app = FastAPI(lifespan=_lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    registry = CollectorRegistry()
    app.state.doors = _doors(settings, engine, client, keepers)
    app.state.headers = safe_headers(())
    app.add_middleware(BodyLimit)
    secure = settings.public_url.startswith("https://")
    app.add_middleware(Multilingual, folders=pages.PREFIXES, secure=secure)
    app.add_middleware(Envelope, headers=app.state.headers, registry=registry)
    failures.install(app)
    app.include_router(routes.router)
    app.include_router(pages.router)
    app.include_router(reference.router)
    app.mount("/static", StaticFiles(directory=PAGES / "static"))
    _add_operators_doors(app, engine, registry)
    reference.describe(app)
    return app


def _doors(
    settings: Settings, engine: AsyncEngine, client: Client, keepers: Mapping[str, Keeper]
) -> Doors:
    recognition = Recognition(settings.link_secret.get_secret_value())
    return Doors(
        settings=settings,
        engine=engine,
        trade=Trade(client),
        links=Links(settings.link_secret.get_secret_value(), settings.public_url),
        cursors=Cursors(settings.link_secret.get_secret_value()),
        watch=Watch(partial(purchases.versions, engine)),
        quotas=Quotas(engine, settings),
        ring=settings.ring,
        evidence=Files(settings.evidence_dir),
        recognition=recognition,
        wallet=_wallet(settings, engine, recognition, keepers),
        bank_secrets={"sandbox": settings.bank_callback_secret.get_secret_value()},
    )


def _wallet(
    settings: Settings,
    engine: AsyncEngine,
    recognition: Recognition,
    keepers: Mapping[str, Keeper],
) -> Wallet | None:
    server = settings.mail_server
    if server is None:
        return None
    links = EntranceLinks(settings.link_secret.get_secret_value(), settings.public_url)
    post = Post(server, settings.mail_from, links)
    return Wallet(engine, links, post, recognition, keepers)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    doors: Doors = app.state.doors
    wallets = doors.wallet.chores() if doors.wallet else []
    work = [_forget(doors), keep_finishing(doors), *wallets]
    chores = [asyncio.create_task(chore) for chore in work]
    yield
    doors.watch.stop()
    for chore in chores:
        chore.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await chore


async def _forget(doors: Doors) -> None:
    while True:
        try:
            await idempotency.forget(doors.engine)
            await doors.quotas.forget()
            await CONSOLE.forget(doors.engine)
            await DESK.forget(doors.engine)
            await accounts.forget(doors.engine)
            async with doors.engine.begin() as connection:
                await attempts.forget(connection)
        except (SQLAlchemyError, OSError) as error:
            log.warning("not forgotten yet", error=type(error).__name__)
        await asyncio.sleep(FORGETTING.total_seconds())


def _add_operators_doors(app: FastAPI, engine: AsyncEngine, registry: CollectorRegistry) -> None:
    @app.get("/", include_in_schema=False)
    async def front() -> Response:
        """Whoever types the bare address wants to know what this is."""
        return RedirectResponse("/docs")

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, Any]:
        """Ready when PostgreSQL answers; reading works without Temporal."""
        async with engine.connect() as connection:
            await connection.execute(text("select 1"))
        return {"status": "ok"}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
