"""Every error has its problem, every problem its section."""

import json
import re
from pathlib import Path

from api import errors as door
from api.documents import errors_page, openapi_json
from api.errors import DoorError, Flaw, InvalidRequest
from api.problems import PROBLEMS, document
from domain import errors as domain

ROOT = Path(__file__).parents[3]
REQUEST = "req_1"


def leaves(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(leaves(sub) for sub in kind.__subclasses__()))


def test_every_error_that_can_leave_has_its_problem() -> None:
    ours = leaves(DoorError) - {DoorError}
    rules = leaves(domain.Refusal) | leaves(domain.BadTerms)
    assert set(PROBLEMS) == ours | rules


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in PROBLEMS]
    assert len(codes) == len(set(codes))


def test_every_code_has_its_section_in_the_reference() -> None:
    page = (ROOT / "docs/reference/errors.md").read_text()
    assert page == errors_page()
    for kind in PROBLEMS:
        assert f"\n## `{kind.code}`\n" in page


def test_the_committed_openapi_document_is_the_one_that_is_served() -> None:
    assert (ROOT / "docs/reference/openapi.json").read_text() == openapi_json()


def test_a_problem_says_what_is_wrong_where() -> None:
    error = InvalidRequest(flaws=(Flaw("too long", pointer="#/description"),))
    said = document(error, "https://pay.example", REQUEST)
    assert said["type"] == "https://pay.example/docs/errors#invalid_request"
    assert said["errors"] == [{"pointer": "#/description", "detail": "too long"}]
    assert (said["status"], said["code"], said["request_id"]) == (422, "invalid_request", REQUEST)


def test_broken_terms_point_at_their_field() -> None:
    said = document(domain.UnknownCurrency("'XXX' is no currency"), "", REQUEST)
    assert said["errors"] == [{"pointer": "#/currency", "detail": "'XXX' is no currency"}]


def test_an_error_without_words_has_at_least_its_advice() -> None:
    assert document(door.NotFound(), "", REQUEST)["detail"] == PROBLEMS[door.NotFound].advice


def test_the_reference_names_every_route_and_nothing_else() -> None:
    page = (ROOT / "docs/reference/api.md").read_text()
    said = set(re.findall(r"^\| `([A-Z]+ /v1\S*)` \|", page, re.M))
    paths = json.loads(openapi_json())["paths"]
    assert said == {f"{method.upper()} {path}" for path in paths for method in paths[path]}
