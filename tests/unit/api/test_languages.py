"""What buyers read is whole in every language, and no number loses its unit."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from api.catalogues import renewed
from api.languages import CHINESE, ENGLISH, LANGUAGES, Language, preferred, speak
from api.pages.refusals import SAID
from api.pages.rendering import moment, money
from api.problems import PROBLEMS
from domain.currencies import EXPONENTS
from domain.errors import (
    AmountExceedsReleased,
    DebtLimitReached,
    HoldExpired,
    Refusal,
    SplitMismatch,
    WholeAmountOnly,
)

TRANSLATED = [language for language in LANGUAGES if language is not ENGLISH]
HOLE = re.compile(r"%\(\w+\)[sd]")
TAG = re.compile(r"</?\w+[^>]*>")


@pytest.fixture(params=LANGUAGES, ids=lambda language: language.tag)
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    spoken: Language = request.param
    speak(spoken)
    yield spoken
    speak(None)


def messages(language: Language) -> list[Message]:
    with language.catalogue.open("rb") as file:
        return [message for message in read_po(file, locale=language.locale) if message.id]


def variants(words: str | Sequence[str] | None) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words or ())


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda language: language.tag)
def test_the_catalogue_has_every_message_and_no_stale_one(language: Language) -> None:
    """`./dev docs` writes it; what it would change is missing or stale."""
    written = language.catalogue.read_text()
    assert renewed(written, language) == written


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda language: language.tag)
def test_every_message_is_translated_with_its_holes_and_tags(language: Language) -> None:
    wrong = [
        message.id
        for message in messages(language)
        for words in variants(message.string)
        if not words or message.fuzzy or not _same(variants(message.id)[-1], words)
    ]
    assert wrong == []


def _same(english: str, translated: str) -> bool:
    return all(
        sorted(part.findall(english)) == sorted(part.findall(translated)) for part in (HOLE, TAG)
    )


def test_a_message_that_nobody_uses_any_more_is_dropped_and_a_new_one_is_empty() -> None:
    stale = CHINESE.catalogue.read_text() + 'msgid "Gone for good"\nmsgstr "没了"\n\n'
    assert "Gone for good" not in renewed(stale, CHINESE)
    assert '\nmsgid "Pay %(amount)s"\nmsgstr ""\n' in renewed("", CHINESE)


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("zh", "zh-CN"),
        ("zh-TW,en;q=0.5", "zh-CN"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("de;q=1, zh-Hans-CN;q=0.3, en;q=.2", "zh-CN"),
        ("fr,de", "en"),
        ("zh;q=0,en;q=0.1", "en"),
        ("zh;q=x", "en"),
        ("zh;q=0.5.5", "en"),
        (";;;,", "en"),
        ("*", "en"),
        ("", "en"),
        ("fr," * 10_000 + "zh", "en"),
    ],
)
def test_a_browsers_preference_is_understood(said: str, understood: str) -> None:
    assert preferred(said).tag == understood


def test_money_has_its_currency_and_all_its_decimals(language: Language) -> None:
    told = {code: money(1_234_567_891, code) for code in EXPONENTS}
    for code, exponent in EXPONENTS.items():
        digits = re.findall(r"\d[\d.,]*", told[code])[0].replace(",", "")
        assert digits.replace(".", "") == "1234567891"
        assert len(digits.partition(".")[2]) == exponent
    assert len(set(told.values())) == len(told), "two currencies look the same"


def test_money_is_written_as_each_language_does() -> None:
    speak(CHINESE)
    in_chinese = [money(12900, "CNY"), money(12900, "USD"), money(129, "JPY"), money(1, "KWD")]
    speak(ENGLISH)
    in_english = [money(12900, "CNY"), money(10**12, "USD"), money(129, "JPY"), money(1, "KWD")]
    speak(None)
    assert in_chinese == ["¥129.00", "US$129.00", "JP¥129", "KWD\N{NO-BREAK SPACE}0.001"]
    assert in_english == ["129.00 CNY", "10,000,000,000.00 USD", "129 JPY", "0.001 KWD"]


def test_a_moment_says_its_zone(language: Language) -> None:
    at = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
    told = {"en": "Mon, 23 Nov 2026, 09:05 UTC", "zh-CN": "2026年11月23日周一 09:05 UTC"}
    assert moment(at) == (f'<time datetime="2026-11-23T09:05:00+00:00">{told[language.tag]}</time>')


def test_every_refusal_has_words_for_a_buyer_or_is_none_that_a_buyer_meets() -> None:
    refusals = {error for error in PROBLEMS if issubclass(error, Refusal)}
    assert refusals - set(SAID) == {
        WholeAmountOnly,
        SplitMismatch,
        HoldExpired,
        AmountExceedsReleased,
        DebtLimitReached,
    }
