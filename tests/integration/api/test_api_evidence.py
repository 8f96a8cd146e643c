"""Evidence at the doors: who may add and see it, what is taken, and what a chain is for."""

import asyncio
import hashlib
import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.evidence import book
from api.evidence.chain import digest_of, first_broken
from api.evidence.contents import LARGEST, checked
from api.evidence.parts import Upload
from api.merchants import add_key
from api.middleware import ROOM
from api.scopes import Scope
from domain.states import Party
from runtime.settings import Settings
from tests.conftest import Temporal
from tests.integration.api.complaint import (
    JPEG,
    PDF,
    WEBP,
    complain,
    evidence,
    png,
    say,
    show,
)
from tests.integration.api.conftest import NewShop
from tests.integration.api.course import shipped
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank


@pytest.fixture
async def disputed(shop: Shop, teller: ScriptedBank, temporal: Temporal) -> dict[str, Any]:
    return await complain(shop, await shipped(shop, teller, temporal))


async def test_both_sides_speak_and_show_and_see_all_of_it(
    shop: Shop, disputed: dict[str, Any]
) -> None:
    buyer = token_of(disputed)
    said = await say(shop, disputed, " The left boot\r\nhas a hole. ", token=buyer)
    assert said.status_code == 201, said.text
    photo = await show(shop, disputed, png(), "a hole.png", token=buyer)
    reply = await say(shop, disputed, "It left us whole.")
    everything = [one.json() for one in (said, photo, reply)]
    assert [one["by"] for one in everything] == ["buyer", "buyer", "merchant"]
    assert said.json()["text"] == "The left boot\nhas a hole."
    assert said.json()["dispute"] == disputed["dispute"]["id"]
    assert (photo.json()["filename"], photo.json()["media_type"]) == ("a hole.png", "image/png")
    for headers in (shop.headers(), {"Authorization": f"Bearer {buyer}"}):
        seen = await shop.http.get(evidence(disputed), headers=headers)
        assert seen.json()["data"] == everything
    now = (await shop.get(f"/v1/escrows/{disputed['id']}")).json()
    assert now == disputed


async def test_anybody_can_check_the_chain_by_what_is_answered(
    shop: Shop, disputed: dict[str, Any]
) -> None:
    for number in range(3):
        await say(shop, disputed, f"Statement {number}")
    last = "0" * 64
    for no, one in enumerate((await shop.get(evidence(disputed))).json()["data"], start=1):
        assert (one["no"], one["prev"]) == (no, last)
        assert one["digest"] == hashlib.sha256(one["text"].encode()).hexdigest()
        facts = [one["prev"], one["id"], disputed["id"], no, 1, one["by"], one["kind"]]
        facts += [one["media_type"], one["size"], one["digest"], one["at"]]
        last = hashlib.sha256("\n".join(map(str, facts)).encode()).hexdigest()
        assert one["hash"] == last
        assert datetime.fromisoformat(one["at"]).tzinfo


async def test_a_file_is_saved_as_it_was_sent_and_never_shown(
    shop: Shop, disputed: dict[str, Any]
) -> None:
    sent = (await show(shop, disputed, png(7), 'Löwe "é" 靴.png')).json()
    for headers in (shop.headers(), {"Authorization": f"Bearer {token_of(disputed)}"}):
        got = await shop.http.get(evidence(disputed, sent["id"]), headers=headers)
        assert (got.status_code, got.content) == (200, png(7))
        assert got.headers["content-type"] == "image/png"
        assert got.headers["content-disposition"].startswith("attachment; ")
        assert "filename*=UTF-8''L%C3%B6we" in got.headers["content-disposition"]
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in got.headers["content-security-policy"]


async def test_a_statement_can_be_saved_too(shop: Shop, disputed: dict[str, Any]) -> None:
    sent = (await say(shop, disputed, "<b>Whole</b>")).json()
    got = await shop.get(evidence(disputed, sent["id"]))
    assert got.headers["content-type"].startswith("text/plain")
    assert got.text == "<b>Whole</b>"


async def test_files_lie_under_their_digest_for_this_account_only(
    shop: Shop, disputed: dict[str, Any], settings: Settings
) -> None:
    sent = (await show(shop, disputed, PDF, "bill.pdf", "application/pdf")).json()
    kept = settings.evidence_dir / disputed["id"] / sent["digest"]
    assert kept.read_bytes() == PDF
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert [file.name for file in kept.parent.iterdir()] == [sent["digest"]]


TAKEN = (
    (JPEG, "a.JPG", "image/jpeg"),
    (JPEG, "a.jpeg", "image/jpg"),
    (WEBP, "a.webp", "image/webp"),
    (PDF, "a.pdf", "application/octet-stream"),
    (png(), "C:\\photos\\a.png", "image/png"),
    (png(), "photo", "image/png"),
)
REFUSED = (
    (b"<html>", "a.html", "text/html", "file_type_refused"),
    (b"<svg/>", "a.png", "image/png", "file_type_refused"),
    (b"GIF89a", "a.gif", "image/gif", "file_type_refused"),
    (b"", "a.png", "image/png", "file_type_refused"),
    (PDF, "a.png", "image/png", "file_type_refused"),
    (png(), "a.png.exe", "image/png", "file_type_refused"),
    (png(), "a.png", "text/html", "file_type_refused"),
    (b" " + png(), "a.png", "image/png", "file_type_refused"),
    (png() + bytes(LARGEST), "a.png", "image/png", "file_too_large"),
    (png() + bytes(LARGEST + ROOM), "a.png", "image/png", "body_too_large"),
)


async def test_four_kinds_of_files_are_taken(shop: Shop, disputed: dict[str, Any]) -> None:
    for content, name, media_type in TAKEN:
        taken = await show(shop, disputed, content, name, media_type)
        assert taken.status_code == 201, taken.text
        assert taken.json()["filename"] == name.rsplit("\\", 1)[-1]


async def test_what_is_no_such_file_is_refused_and_not_kept(
    shop: Shop, disputed: dict[str, Any], settings: Settings
) -> None:
    for content, name, media_type, code in REFUSED:
        refused = await show(shop, disputed, content, name, media_type)
        status = 422 if code == "file_type_refused" else 413
        assert (refused.status_code, refused.json()["code"]) == (status, code), (name, media_type)
    assert (await shop.get(evidence(disputed))).json() == {"data": []}
    assert not (settings.evidence_dir / disputed["id"]).exists()


async def test_what_is_no_form_or_says_nothing_is_refused(
    shop: Shop, disputed: dict[str, Any]
) -> None:
    path, here = evidence(disputed), shop.headers
    both: Any = {"statement": (None, b"x"), "file": ("a.png", png(), "image/png")}
    broken = {**here(), "Content-Type": "multipart/form-data; boundary=x"}
    answers = [
        await shop.post(path, {"statement": "JSON"}),
        await shop.http.post(path, headers=here(), data={"statement": "x"}),
        await shop.http.post(path, headers=here(), files={"other": (None, b"x")}),
        await shop.http.post(path, headers=here(), files=both),
        await shop.http.post(path, headers=broken, content=b"--x\r\nnothing"),
        await shop.http.post(
            path, headers={**here(), "Content-Type": "multipart/form-data"}, content=b"x"
        ),
        await say(shop, disputed, "  "),
        await say(shop, disputed, "a\0b"),
        await say(shop, disputed, "a" * 4001),
        await say(shop, disputed, "a" * 40_000),
    ]
    assert [one.json()["code"] for one in answers] == ["not_a_form"] * 2 + ["invalid_request"] * 8
    assert [one.status_code for one in answers] == [415] * 2 + [422] * 8
    assert (await shop.get(path)).json() == {"data": []}


async def test_each_side_has_ten_files_in_each_dispute(
    shop: Shop, disputed: dict[str, Any], settings: Settings
) -> None:
    buyer = token_of(disputed)
    for shade in range(10):
        assert (await show(shop, disputed, png(shade), token=buyer)).status_code == 201
    more = await show(shop, disputed, png(99), token=buyer)
    assert (more.status_code, more.json()["code"]) == (409, "too_much_evidence")
    assert len(list((settings.evidence_dir / disputed["id"]).iterdir())) == 10
    assert (await say(shop, disputed, "Words are still heard.", token=buyer)).status_code == 201
    assert (await show(shop, disputed, png())).status_code == 201

    await shop.post(f"/v1/escrows/{disputed['id']}/dispute/withdrawal", token=buyer)
    closed = await show(shop, disputed, png(), token=buyer)
    assert (closed.status_code, closed.json()["code"]) == (409, "no_dispute_open")
    again = await complain(shop, disputed)
    second = (await show(shop, disputed, png(99), token=buyer)).json()
    assert (second["dispute"], second["no"]) == (again["dispute"]["id"], 13)


async def test_without_a_dispute_nothing_is_taken(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, settings: Settings
) -> None:
    sent = await shipped(shop, teller, temporal)
    refused = [await say(shop, sent, "x"), await show(shop, sent, png(), token=token_of(sent))]
    assert [no.json()["code"] for no in refused] == ["no_dispute_open"] * 2
    assert not (settings.evidence_dir / sent["id"]).exists()


async def test_in_arbitration_both_sides_may_still_speak(
    shop: Shop, disputed: dict[str, Any]
) -> None:
    await shop.post(f"/v1/escrows/{disputed['id']}/dispute/answer", {"answer": "contest"})
    assert (await say(shop, disputed, "See the photo.")).status_code == 201
    assert (await say(shop, disputed, "Me too.", token=token_of(disputed))).status_code == 201


async def test_said_twice_it_is_there_once(shop: Shop, disputed: dict[str, Any]) -> None:
    key = uuid4().hex
    first = await show(shop, disputed, png(), key=key)
    again = await show(shop, disputed, png(), key=key)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await show(shop, disputed, png(1), key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len((await shop.get(evidence(disputed))).json()["data"]) == 1
    headers = {**shop.headers(), "If-Match": '"1"'}
    stale = await shop.http.post(
        evidence(disputed), headers=headers, files={"statement": (None, b"x")}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "version_moved")


async def test_a_key_that_only_reads_adds_nothing(
    new_shop: NewShop, teller: ScriptedBank, temporal: Temporal
) -> None:
    seller = await new_shop("Seller")
    sent = await complain(seller, await shipped(seller, teller, temporal))
    async with seller.doors.engine.begin() as connection:
        reads = await add_key(connection, seller.id, "test", {Scope.ESCROWS_READ})
    clerk = replace(seller, key=reads)
    assert (await say(clerk, sent, "x")).json()["code"] == "missing_scope"
    assert (await clerk.get(evidence(sent))).json() == {"data": []}


@pytest.mark.parametrize("harm", ["removed", "changed"])
async def test_a_file_that_storage_lost_or_changed_is_not_handed_out(
    shop: Shop, disputed: dict[str, Any], settings: Settings, harm: str
) -> None:
    sent = (await show(shop, disputed, png())).json()
    kept: Path = settings.evidence_dir / disputed["id"] / sent["digest"]
    if harm == "removed":
        await asyncio.to_thread(kept.unlink)
    else:
        await asyncio.to_thread(kept.write_bytes, png(1))
    got = await shop.get(evidence(disputed, sent["id"]))
    assert (got.status_code, got.json()["code"]) == (410, "evidence_damaged")
    # Who still has it can send it again, and the storage is whole.
    await show(shop, disputed, png())
    assert (await shop.get(evidence(disputed, sent["id"]))).content == png()


REWRITES = (
    "UPDATE evidence SET text = 'x'",
    "UPDATE evidence SET text = null",
    "DELETE FROM evidence",
    "TRUNCATE evidence",
    "INSERT INTO evidence (id, escrow_id, no, prev, hash, dispute, by, kind, media_type, size,"
    " digest, at) SELECT 'evd_x', escrow_id, 9, prev, hash, 1, by, kind, media_type, size,"
    " digest, at FROM evidence",
)
CHANGES = (
    "UPDATE evidence SET text = 'other'",
    "UPDATE evidence SET by = 'operator', text = null",
    "UPDATE evidence SET no = 7, text = null",
    "DELETE FROM evidence",
    "TRUNCATE evidence",
)


async def test_the_application_adds_and_the_owner_forgets_and_nobody_changes_anything(
    shop: Shop, disputed: dict[str, Any], engine: AsyncEngine, owner_engine: AsyncEngine
) -> None:
    await say(shop, disputed, "x")
    for who, statements, refusal in (
        (engine, REWRITES, "permission denied"),
        (owner_engine, CHANGES, "append-only"),
    ):
        for statement in statements:
            with pytest.raises(DBAPIError, match=refusal):
                async with who.begin() as connection:
                    await connection.execute(text(statement))


async def test_whoever_gets_around_the_guards_breaks_the_chain_where_it_was_touched(
    shop: Shop, disputed: dict[str, Any], engine: AsyncEngine, owner_engine: AsyncEngine
) -> None:
    sent = [(await say(shop, disputed, f"Statement {number}")).json() for number in range(4)]
    assert await book.verify(engine, disputed["id"]) is None
    entries = await book.entries(engine, disputed["id"])
    without = [one for one in entries if one.no != 2]
    assert (broken := first_broken(without)) is not None
    assert (broken.evidence_id, broken.why) == (sent[2]["id"], "number 2 is missing")
    entries[1].text = "something else"
    assert (broken := first_broken(entries)) is not None
    assert (broken.evidence_id, broken.no) == (sent[1]["id"], 2)
    entries[1].text, entries[2].by = None, "operator"
    assert (broken := first_broken(entries)) is not None
    assert (broken.evidence_id, broken.why) == (sent[2]["id"], "its hash is not of what it says")


async def test_many_at_once_stand_in_one_line(
    shop: Shop, disputed: dict[str, Any], engine: AsyncEngine
) -> None:
    buyer = token_of(disputed)
    sent = await asyncio.gather(
        *(say(shop, disputed, f"Mine {number}", token=buyer) for number in range(6)),
        *(show(shop, disputed, png(number)) for number in range(6)),
    )
    assert {one.status_code for one in sent} == {201}
    assert sorted(one.json()["no"] for one in sent) == list(range(1, 13))
    assert await book.verify(engine, disputed["id"]) is None


async def test_a_crash_before_the_row_leaves_a_file_that_nobody_speaks_of(
    shop: Shop, disputed: dict[str, Any], engine: AsyncEngine, settings: Settings
) -> None:
    said = {"evd_" + uuid4().hex: checked(Upload("file", "a.png", "", png()))}
    crash = await engine.connect()
    await book.add(crash, shop.doors.evidence, disputed["id"], Party.BUYER, said)
    await crash.invalidate()
    await crash.close()
    kept = settings.evidence_dir / disputed["id"] / digest_of(png())
    assert await asyncio.to_thread(kept.exists)
    assert (await shop.get(evidence(disputed))).json() == {"data": []}
    again = (await show(shop, disputed, png(), token=token_of(disputed))).json()
    assert again["no"] == 1
    assert (await shop.get(evidence(disputed, again["id"]))).content == png()
