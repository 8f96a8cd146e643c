"""The committed reference pages that are made from code (`./dev docs`)."""

import json

from fastapi import FastAPI

from api import reference, routes
from api.problems import PROBLEMS

ERRORS = """\
# Errors

Every error is an RFC 9457 problem document (`application/problem+json`). Programs decide by
`code`; `title` and `detail` are for people and may change. `request_id` finds the request in our
logs; it is also the answer's `X-Request-Id` header. `errors` names what is wrong in the request:
`pointer` into the body, or `parameter` of path, query or header. `type` leads to the same text at
`/docs/errors` of a running installation. Made by `./dev docs`.
"""


def errors_page(_before: str = "") -> str:
    """docs/reference/errors.md: a section per problem code."""
    sections = [
        f"## `{code}`\n\n**{problem.status}** {problem.title}. {problem.advice}\n"
        for code, problem in sorted((kind.code, problem) for kind, problem in PROBLEMS.items())
    ]
    return "\n".join([ERRORS, *sections])


def openapi_json(_before: str = "") -> str:
    """docs/reference/openapi.json: the document that a running API serves at /openapi.json."""
    app = FastAPI()
    app.include_router(routes.router)
    return json.dumps(reference.document(app.routes), indent=2, ensure_ascii=False) + "\n"
