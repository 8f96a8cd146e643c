"""The bank as a web application."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from banks.sandbox import api, batches_api, control, methods_api, page, saved_page, statements_api
from banks.sandbox.bank import opened
from banks.sandbox.desk import Refused
from banks.sandbox.outage import OUTAGES
from banks.sandbox.settings import Settings
from banks.sandbox.wire import Wire


def create_app(settings: Settings, wire: Wire) -> FastAPI:
    """Its database is opened when it starts and closed when it stops."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, wire) as bank:
            app.state.bank = bank
            yield

    app = FastAPI(
        title="Sandbox bank",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        exception_handlers={
            Refused: refused,
            HTTPException: unauthorised,
            RequestValidationError: invalid,
            page.NoSuchPayment: lost_page,
            page.NotFromOurPage: foreign_form,
            **dict.fromkeys(OUTAGES, out_of_order),
        },
    )
    app.include_router(api.router)
    app.include_router(methods_api.router)
    app.include_router(control.router)
    app.include_router(statements_api.router)
    app.include_router(batches_api.router)
    app.include_router(page.router)
    app.include_router(saved_page.router)
    app.add_api_route("/healthz", healthz)
    static = Path(__file__).parent / "static"
    app.mount("/static", StaticFiles(directory=static), name="static")
    return app


async def healthz(request: Request) -> dict[str, str]:
    """200 once the database answers."""
    await api.bank_of(request).pool.fetchval("SELECT 1")
    return {"status": "ok"}


async def refused(_request: Request, error: Refused) -> Response:
    return JSONResponse({"code": error.code, "message": str(error)}, status_code=error.status)


async def unauthorised(_request: Request, error: HTTPException) -> Response:
    said = {"code": "unauthorised", "message": error.detail}
    return JSONResponse(said, status_code=error.status_code)


async def invalid(request: Request, error: RequestValidationError) -> Response:
    if request.url.path.startswith("/pay/"):
        if request.method == "POST":
            # A form without its fields: whoever sent it, not our page.
            return await foreign_form(request, error)
        return await lost_page(request, error)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    # Not what was sent: it would end up in somebody's log.
    said = {"code": "bad_request", "message": f"{where}: {first['msg']}"}
    return JSONResponse(said, status_code=400)


async def lost_page(_request: Request, _error: Exception) -> Response:
    said = "This address belongs to no payment. Please go back to the shop."
    return _plain_page("We don't know this payment", said, 404)


async def foreign_form(request: Request, _error: Exception) -> Response:
    """Nothing was done; the buyer starts again on a fresh page."""
    token = request.path_params.get("token", "")
    said = "Your session has ended, or your browser refuses our cookie. Nothing was paid."
    return _plain_page("Please start again", said, 403, again=f"/pay/{token}")


async def out_of_order(_request: Request, _error: Exception) -> Response:
    said = {"code": "unavailable", "message": "The bank is not available."}
    return JSONResponse(said, status_code=503)


def _plain_page(title: str, said: str, status: int, again: str = "") -> Response:
    template = page.templates.get_template("message.html")
    return page.page_response(template.render(title=title, said=said, again=again), status)
