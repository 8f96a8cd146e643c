"""How answers leave: stored ones, fresh ones, and errors, which are the same everywhere."""

import json
from dataclasses import replace

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from api import problems
from api.idempotency import Answer
from api.middleware import request_id
from api.problems import Problematic

JSON = "application/json"
#: What may stand in `If-Match` and `If-None-Match`.
TAGS = r'^(\*|(W/)?"[0-9]{1,9}"( *, *(W/)?"[0-9]{1,9}"){0,9})$'
NO_LINKS = {"checkout_url": "", "order_url": ""}
REPLAYED = {"Idempotent-Replayed": "true"}


def answer_of(status: int, body: BaseModel) -> Answer:
    return Answer(status, body.model_dump_json())


def problem_answer(request: Request, error: Problematic) -> Answer:
    """`error` as it is sent, and stored when it is the answer to a command."""
    said = problems.document(
        error, request.app.state.doors.settings.public_url, request_id(request.scope)
    )
    return Answer(
        problems.problem_of(error).status,
        json.dumps(said, ensure_ascii=False, separators=(",", ":")),
    )


def send(answer: Answer) -> Response:
    media_type = JSON if answer.status < 400 else problems.MEDIA_TYPE
    return Response(
        answer.body, answer.status, REPLAYED if answer.replayed else None, media_type=media_type
    )


def send_purchase(answer: Answer, *, links: bool) -> Response:
    """`answer` with its purchase's version then, which the next command can name.

    Without `links` the buyer's are left out: the answer may have been stored for another key.
    """
    if answer.status >= 400:
        return send(answer)
    said = json.loads(answer.body)
    if not links:
        hidden = json.dumps(said | NO_LINKS, ensure_ascii=False, separators=(",", ":"))
        answer = replace(answer, body=hidden)
    response = send(answer)
    response.headers["ETag"] = etag(said["version"])
    return response


def etag(version: int) -> str:
    return f'"{version}"'


def names(condition: str, version: int) -> bool:
    """Whether `If-Match` or `If-None-Match` names this version; `*` names every one.

    A proxy that compresses makes a tag weak. Its version is still the same, and so is what it says.
    """
    tags = [tag.strip().removeprefix("W/") for tag in condition.split(",")]
    return "*" in tags or etag(version) in tags
