"""Every code of docs/reference/errors.md is an exception, and whatever else comes still is one."""

import re
from pathlib import Path
from typing import Any

import pytest

from danbao_client import DanbaoError, problems
from danbao_client.problems import BY_CODE, BY_STATUS, Problem, problem

PAGE = (Path(__file__).parents[3] / "docs/reference/errors.md").read_text()
CODES = {code: int(status) for code, status in re.findall(r"## `(\w+)`\n\n\*\*(\d+)\*\*", PAGE)}

SAID: dict[str, Any] = {
    "type": "https://pay.example/docs/errors#invalid_request",
    "title": "The request is not valid",
    "status": 422,
    "detail": "`errors` names every field that is wrong, and why.",
    "code": "invalid_request",
    "request_id": "req_1",
    "errors": [{"pointer": "#/amount", "detail": "must be a whole number"}],
}


def test_there_is_one_class_for_each_documented_code() -> None:
    assert set(BY_CODE) == set(CODES)
    names = {code.title().replace("_", "") for code in CODES}
    assert {kind.__name__ for kind in BY_CODE.values()} == names


@pytest.mark.parametrize("code", CODES)
def test_a_code_belongs_to_the_family_of_its_status(code: str) -> None:
    status = CODES[code]
    family = BY_STATUS.get(500 if status >= 500 else status, Problem)
    raised = problem(status, {"code": code})
    assert type(raised) is BY_CODE[code]
    assert isinstance(raised, family)
    assert isinstance(raised, DanbaoError)


def test_a_problem_says_what_is_wrong() -> None:
    raised = problem(422, SAID, idempotency_key="k-1")
    assert isinstance(raised, problems.InvalidRequest)
    assert str(raised) == (
        "422 invalid_request: The request is not valid. #/amount: must be a whole number (req_1)"
    )
    assert raised.errors == (problems.Flaw("must be a whole number", pointer="#/amount"),)
    assert (raised.request_id, raised.idempotency_key) == ("req_1", "k-1")


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (400, problems.BadRequest),
        (401, problems.Unauthorized),
        (403, problems.Forbidden),
        (404, problems.NotFound),
        (409, problems.Conflict),
        (412, problems.PreconditionFailed),
        (418, Problem),
        (422, problems.Unprocessable),
        (429, problems.TooManyRequests),
        (302, Problem),
        (500, problems.ServerError),
        (599, problems.ServerError),
    ],
)
def test_an_unknown_code_is_its_status(status: int, family: type[Problem]) -> None:
    raised = problem(status, {"code": "brand_new", "title": "New"})
    assert type(raised) is family
    assert raised.code == "brand_new"
    assert str(raised) == f"{status} brand_new: New"


@pytest.mark.parametrize(
    "said", [{}, {"code": 5, "title": [], "errors": "no"}, {"errors": [1, {"detail": 2}]}]
)
def test_a_document_that_is_none_is_a_problem_all_the_same(said: dict[str, Any]) -> None:
    raised = problem(502, said)
    assert type(raised) is problems.ServerError
    assert (raised.code, raised.title) == ("", "")
    assert str(raised).startswith("502")
