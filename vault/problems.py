"""What the codec server says instead of an answer: RFC 9457, told apart by `code`."""

from http import HTTPStatus

from fastapi.responses import JSONResponse

from vault.errors import VaultError

MEDIA_TYPE = "application/problem+json"
#: More than the largest page of a history that the UI fetches at once.
MOST_BYTES = 16 * 1024 * 1024
#: The vault's other errors are 422: what was sent is not what was encrypted here.
STATUSES = {"erased": 410, "master_key_missing": 503}


class Refused(Exception):
    status = 500
    code = ""
    detail = ""


class Unauthenticated(Refused):
    status, code, detail = 401, "unauthenticated", "this needs the operators' token"


class ForeignOrigin(Refused):
    status, code, detail = 403, "foreign_origin", "only pages of the Temporal UI may ask"


class NotFound(Refused):
    status, code, detail = 404, "not_found", "there is POST /decode and nothing else"


class MalformedBody(Refused):
    status, code, detail = 400, "malformed_body", 'the body must be {"payloads": […]}'


class BodyTooLarge(Refused):
    status, code, detail = 413, "body_too_large", f"the body has more than {MOST_BYTES} bytes"


class Unavailable(Refused):
    status, code, detail = 503, "unavailable", "the database does not answer"


def problem(refusal: Refused) -> JSONResponse:
    response = _document(refusal.status, refusal.code, refusal.detail)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def unreadable(error: VaultError) -> JSONResponse:
    return _document(STATUSES.get(error.code, 422), error.code, str(error))


def _document(status: int, code: str, detail: str) -> JSONResponse:
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return JSONResponse(said | {"code": code, "detail": detail}, status, media_type=MEDIA_TYPE)
