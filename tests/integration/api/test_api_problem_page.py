"""The buyer reports a problem on the pages, follows it, and gives it up; without JavaScript."""

from datetime import datetime
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.conftest import Temporal
from tests.integration.api.buyer import HIDDEN, Buyer, told
from tests.integration.api.complaint import PDF, complain, evidence, png, say, show
from tests.integration.api.course import paid, shipped
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank

PROBLEM = {"share": "part", "amount": "40.00", "reason": "damaged", "statement": "It has a hole."}


@pytest_asyncio.fixture
async def buyer(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> Buyer:
    """At a purchase that was shipped."""
    buyer = Buyer(browser, await shipped(shop, teller, temporal))
    await buyer.order()
    return buyer


def path(buyer: Buyer, more: str = "") -> str:
    return f"/orders/{buyer.escrow['id']}{more}"


async def fill_in(
    buyer: Buyer, action: str, *files: tuple[str, bytes, str], form: str = "", **typed: str
) -> httpx2.Response:
    """Send the form of the page `action`, with files, as a browser does."""
    target = path(buyer, f"/{action}")
    if not form:
        form = dict(HIDDEN.findall((await buyer.http.get(target)).text))[target]
    parts: list[Any] = [(name, (None, text.encode())) for name, text in typed.items()]
    parts += [("form", (None, form.encode()))]
    parts += [("file", one) for one in files or [("", b"", "application/octet-stream")]]
    return await buyer.http.post(target, files=parts)


async def now(shop: Shop, buyer: Buyer) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.get(f"/v1/escrows/{buyer.escrow['id']}")).json()
    return found


async def test_a_problem_is_reported_with_an_amount_words_and_files(
    shop: Shop, buyer: Buyer
) -> None:
    assert "/problem" in (await buyer.http.get(path(buyer))).text
    photo, bill = ("hole.png", png(), "image/png"), ("bill.pdf", PDF, "application/pdf")
    sent = await fill_in(buyer, "problem", photo, bill, **PROBLEM)
    assert (sent.status_code, sent.headers["location"]) == (303, path(buyer)), told(sent)
    disputed = await now(shop, buyer)
    assert (disputed["status"], disputed["disputed"], disputed["held"]) == ("disputed", 4000, 8900)
    assert disputed["dispute"]["reason"] == "damaged"
    said = (await shop.get(evidence(disputed))).json()["data"]
    assert [one["text"] or one["filename"] for one in said] == [
        "It has a hole.",
        "hole.png",
        "bill.pdf",
    ]
    assert {one["by"] for one in said} == {"buyer"}

    page = await buyer.http.get(path(buyer))
    text = told(page)
    assert "You dispute 40.00 CNY" in text
    assert "It is damaged We hold this money" in text
    assert "It is the shop's turn" in text.replace("&#39;", "'")
    until = datetime.fromisoformat(disputed["dispute"]["deadline"])
    assert f'datetime="{until.isoformat(timespec="seconds")}"' in page.text
    assert "If it says nothing until then, we decide." in text
    assert "You reported a problem 40.00 CNY: It is damaged" in text
    assert "It has a hole." in text
    assert "Report a problem" not in text
    got = await buyer.http.get(path(buyer, f"/evidence/{said[1]['id']}"))
    assert (got.content, got.headers["content-type"]) == (png(), "image/png")
    assert got.headers["content-disposition"].startswith("attachment")


async def test_the_rest_can_be_confirmed_while_a_part_is_disputed(shop: Shop, buyer: Buyer) -> None:
    await fill_in(buyer, "problem", **PROBLEM)
    page = await buyer.http.get(path(buyer))
    assert "The rest of the order" in told(page)
    second = await buyer.http.get(path(buyer, "/receipt"))
    assert "release 89.00 CNY" in told(second)
    done = await buyer.send(second, "receipt", typed="1001")
    assert done.status_code == 303
    assert (await now(shop, buyer))["released"] == 8900
    after = told(await buyer.http.get(path(buyer)))
    assert "You dispute 40.00 CNY" in after
    assert "The rest of the order" not in after


async def test_all_of_an_order_that_was_never_sent_comes_back_if_the_shop_is_silent(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await paid(shop, teller, temporal))
    await buyer.order()
    typed = PROBLEM | {"share": "12900", "amount": "", "reason": "not_received"}
    assert (await fill_in(buyer, "problem", **typed)).status_code == 303
    assert (await now(shop, buyer))["disputed"] == 12900
    text = told(await buyer.http.get(path(buyer)))
    assert "You dispute 129.00 CNY" in text
    assert "If it says nothing until then, the disputed money goes back to you." in text
    assert "turn to send" not in text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"amount": "40,50"}, "like this: 129.00"),
        ({"amount": "129.01"}, "at most 129.00 CNY"),
        ({"amount": "0"}, "at most 129.00 CNY"),
        ({"amount": ""}, "like this: 129.00"),
        ({"share": "99999"}, "must not be more than what we hold"),
        ({"reason": "dislike"}, "choose what is wrong"),
        ({"statement": "   "}, "say what happened"),
        ({"statement": "x" * 4001}, "at most 4,000 characters"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    shop: Shop, buyer: Buyer, wrong: dict[str, str], says: str
) -> None:
    typed = PROBLEM | wrong
    page = await fill_in(buyer, "problem", **typed)
    assert page.status_code in (409, 422)
    assert says in told(page)
    assert f'value="{typed["amount"]}"' in page.text
    assert typed["statement"].strip() in page.text
    assert ('value="damaged" checked' in page.text) == (typed["reason"] == "damaged")
    assert await now(shop, buyer) == buyer.escrow


async def test_what_a_word_processor_leaves_in_a_text_is_no_mistake_of_the_buyers(
    shop: Shop, buyer: Buyer
) -> None:
    pasted = PROBLEM | {"statement": "The left boot\x0bhas\x07 a hole.\r\nLook."}
    assert (await fill_in(buyer, "problem", **pasted)).status_code == 303
    [entry] = (await shop.get(evidence(buyer.escrow))).json()["data"]
    assert entry["text"] == "The left boot\nhas a hole.\nLook."


async def test_files_that_are_none_of_ours_are_refused_before_anything_happens(
    shop: Shop, buyer: Buyer
) -> None:
    photo = ("hole.png", png(), "image/png")
    for files, says in (
        ([("a.html", b"<script>", "text/html")], "PNG, JPEG or WebP"),
        ([photo, ("a.png", PDF, "image/png")], "PNG, JPEG or WebP"),
        ([("a.png", png() + bytes(5 << 20), "image/png")], "each may have 5 MB"),
        ([photo] * 4, "at most three files"),
    ):
        page = await fill_in(buyer, "problem", *files, **PROBLEM)
        assert (page.status_code, says in told(page)) == (422, True), told(page)
        assert "It has a hole." in page.text
        assert "choose your files again" in told(page)
    large = await fill_in(buyer, "problem", ("a.png", png() + bytes(16 << 20), ""), **PROBLEM)
    assert (large.status_code, "too much to send at once" in told(large)) == (413, True)
    assert await now(shop, buyer) == buyer.escrow


async def test_pressed_twice_it_is_reported_once(shop: Shop, buyer: Buyer) -> None:
    page = await buyer.http.get(path(buyer, "/problem"))
    form = dict(HIDDEN.findall(page.text))[path(buyer, "/problem")]
    photo = ("hole.png", png(), "image/png")
    for _ in range(2):
        sent = await fill_in(buyer, "problem", photo, form=form, **PROBLEM | {"amount": "100"})
        assert sent.status_code == 303, told(sent)
    disputed = await now(shop, buyer)
    assert disputed["disputed"] == 10000
    assert len((await shop.get(evidence(disputed))).json()["data"]) == 2
    other = await fill_in(buyer, "problem", form=form, **PROBLEM | {"amount": "1"})
    assert (other.status_code, "reported a problem already" in told(other)) == (409, True)


async def test_if_the_words_got_lost_the_page_asks_for_them(shop: Shop, buyer: Buyer) -> None:
    """The process died after the money was frozen; the same form again, or a new one, adds them."""
    await complain(shop, buyer.escrow)
    page = told(await buyer.http.get(path(buyer)))
    assert "What you wrote has not reached us" in page
    sent = await fill_in(buyer, "evidence", statement="It has a hole.")
    assert sent.status_code == 303
    page = told(await buyer.http.get(path(buyer)))
    assert "has not reached us" not in page
    assert "It has a hole." in page


async def test_more_is_said_by_both_sides_and_seen_by_both(shop: Shop, buyer: Buyer) -> None:
    disputed = await complain(shop, buyer.escrow)
    await say(shop, disputed, "It left us <whole>.")
    await show(shop, disputed, PDF, "packing list.pdf", "application/pdf")
    sent = await fill_in(buyer, "evidence", ("b.png", png(), "image/png"), statement="")
    assert sent.status_code == 303
    page = await buyer.http.get(path(buyer))
    assert "It left us &lt;whole&gt;." in page.text
    assert [name in told(page) for name in ("packing list.pdf", "b.png")] == [True, True]
    nothing = await fill_in(buyer, "evidence", statement=" ")
    assert (nothing.status_code, "choose a file" in told(nothing)) == (422, True)
    for shade in range(9):
        await show(shop, disputed, png(shade), token=token_of(disputed))
    full = await fill_in(buyer, "evidence", ("c.png", png(99), "image/png"), statement="Kept?")
    assert (full.status_code, "twenty statements and ten files" in told(full)) == (409, True)
    assert "Kept?" in full.text


async def test_contested_it_is_our_turn(shop: Shop, buyer: Buyer) -> None:
    disputed = await complain(shop, buyer.escrow)
    await shop.post(f"/v1/escrows/{disputed['id']}/dispute/answer", {"answer": "contest"})
    text = told(await buyer.http.get(path(buyer)))
    assert "It is our turn" in text
    assert "If nothing is decided until then, the disputed money goes back to you." in text


async def test_it_is_withdrawn_in_a_second_step_and_reported_twice_at_most(
    shop: Shop, buyer: Buyer
) -> None:
    for left in ("once more afterwards", "this was the second"):
        assert (await fill_in(buyer, "problem", **PROBLEM)).status_code == 303
        second = await buyer.http.get(path(buyer, "/withdrawal"))
        assert left in told(second)
        assert (await buyer.send(second, "withdrawal")).status_code == 303
        assert (await now(shop, buyer))["held"] == 12900
    page = await buyer.http.get(path(buyer))
    assert "Report a problem" not in told(page)
    assert "You withdrew the problem" in told(page)
    assert "It has a hole." in told(page)
    away = await buyer.http.get(path(buyer, "/problem"))
    assert (away.status_code, away.headers["location"]) == (303, path(buyer))
    form = shop.doors.links.form(buyer.escrow["id"], "problem", "third")
    third = await fill_in(buyer, "problem", form=form, **PROBLEM)
    assert (third.status_code, "reported twice for a purchase" in told(third)) == (409, True)


async def test_nobody_elses_form_reports_or_adds_anything(shop: Shop, buyer: Buyer) -> None:
    disputed = await complain(shop, buyer.escrow)
    theirs = shop.doors.links.form("esc_" + "0" * 32, "evidence", "x")
    other = shop.doors.links.form(buyer.escrow["id"], "problem", "x")
    for form in (theirs, other, "x"):
        assert (await fill_in(buyer, "evidence", form=form, statement="x")).status_code == 403
    page = await buyer.http.get(path(buyer, "/evidence"))
    mine = dict(HIDDEN.findall(page.text))[path(buyer, "/evidence")]
    across = await buyer.http.post(
        path(buyer, "/evidence"),
        files=[("form", (None, mine.encode())), ("statement", (None, b"x"))],
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    plain = await buyer.http.post(path(buyer, "/evidence"), data={"form": mine, "statement": "x"})
    assert (across.status_code, plain.status_code) == (403, 415)
    stranger = httpx2.AsyncClient(base_url=buyer.http.base_url, trust_env=False)
    async with stranger as http:
        said = (await say(shop, disputed, "Ours")).json()["id"]
        for page_of in ("/problem", "/evidence", f"/evidence/{said}", "/withdrawal"):
            assert (await http.get(path(buyer, page_of))).status_code == 401
    assert len((await shop.get(evidence(disputed))).json()["data"]) == 1


async def test_without_a_dispute_there_is_nothing_to_add_to(shop: Shop, buyer: Buyer) -> None:
    for page in ("/evidence", "/withdrawal"):
        away = await buyer.http.get(path(buyer, page))
        assert (away.status_code, away.headers["location"]) == (303, path(buyer))
    form = shop.doors.links.form(buyer.escrow["id"], "evidence", "x")
    refused = await fill_in(buyer, "evidence", form=form, statement="x")
    assert (refused.status_code, "No problem is open" in told(refused)) == (409, True)
    missing = await buyer.http.get(path(buyer, "/evidence/evd_" + "0" * 32))
    assert missing.status_code == 404
