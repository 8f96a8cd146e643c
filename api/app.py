"""The application: routes, errors, headers and documents, put together from explicit parts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
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
    bank_callbacks,
    deliveries,
    escrows,
    events,
    failures,
    idempotency,
    pages,
    purchases,
    reference,
    streams,
    webhook_endpoints,
)
from api.cursors import Cursors
from api.doors import Doors
from api.links import Links
from api.middleware import BodyLimit, Envelope, safe_headers
from api.pages.merchant import sessions
from api.pages.rendering import HERE as PAGES
from api.quotas import Quotas
from api.trade import Trade
from api.waiting import Watch
from runtime.settings import Settings
from webhooks import attempts

#: Answers are kept for 30 days; nobody minds an hour more.
FORGETTING = timedelta(hours=1)

log = structlog.get_logger()


def create_app(settings: Settings, engine: AsyncEngine, client: Client) -> FastAPI:
    """The doors over this database and this Temporal; whoever made them closes them."""
    app = FastAPI(lifespan=_lifespan, docs_url=None, redoc_url=None)
    registry = CollectorRegistry()
    app.state.doors = _doors(settings, engine, client)
    app.state.headers = safe_headers(())
    app.add_middleware(BodyLimit)
    app.add_middleware(Envelope, headers=app.state.headers, registry=registry)
    failures.install(app)
    app.include_router(escrows.router)
    app.include_router(streams.router)
    app.include_router(events.router)
    app.include_router(webhook_endpoints.router)
    app.include_router(deliveries.router)
    app.include_router(bank_callbacks.router)
    app.include_router(pages.router)
    app.include_router(reference.router)
    app.mount("/static", StaticFiles(directory=PAGES / "static"))
    _add_operators_doors(app, engine, registry)
    reference.describe(app)
    return app


def _doors(settings: Settings, engine: AsyncEngine, client: Client) -> Doors:
    return Doors(
        settings=settings,
        engine=engine,
        trade=Trade(client),
        links=Links(settings.link_secret.get_secret_value(), settings.public_url),
        cursors=Cursors(settings.link_secret.get_secret_value()),
        watch=Watch(partial(purchases.versions, engine)),
        quotas=Quotas(engine, settings),
        ring=settings.ring,
        bank_secrets={"sandbox": settings.bank_callback_secret.get_secret_value()},
    )


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    doors: Doors = app.state.doors
    forgetting = asyncio.create_task(_forget(doors))
    yield
    doors.watch.stop()
    forgetting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await forgetting


async def _forget(doors: Doors) -> None:
    while True:
        try:
            await idempotency.forget(doors.engine)
            await doors.quotas.forget()
            await sessions.forget(doors.engine)
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
