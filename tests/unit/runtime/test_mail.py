"""Where mails go, and what the sandbox's mailbox shows of them."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from runtime.mail import MailServer, can_send
from runtime.mailbox import Mail, Mailbox
from tests.unit.runtime.test_settings import settings

GUIDE = Path(__file__).parents[3] / "docs/guides/wallet.md"
MAILS = {
    "DANBAO_SMTP_URL": "smtp+starttls://danbao:p%40ss@smtp.example",
    "DANBAO_MAIL_FROM": "wallet@danbao.example",
}


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mailbox:8841", MailServer("mailbox", 8841, "none")),
        ("smtp+starttls://a:p%40s@m.example", MailServer("m.example", 587, "starttls", "a", "p@s")),
        ("smtps://smtp.example/", MailServer("smtp.example", 465, "tls")),
    ],
)  # fmt: skip
def test_a_mail_server_is_said_by_its_address(url: str, server: MailServer) -> None:
    assert MailServer.parse(url) == server
    assert server.password not in repr(server) or not server.password


@pytest.mark.parametrize("url", ["smtp.example", "http://smtp.example", "smtp://", "smtps://a/b"])
def test_what_is_no_mail_server_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(ValidationError, match="smtp"):
        settings(monkeypatch, **MAILS | {"DANBAO_SMTP_URL": url})


def test_mails_have_a_sender_and_live_ones_an_encrypted_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert settings(monkeypatch, **MAILS).mail_server
    live = MAILS | {
        "DANBAO_MODE": "live",
        "DANBAO_PUBLIC_URL": "https://pay.example",
        "DANBAO_BANK_URL": "https://bank.example",
    }
    assert settings(monkeypatch, **live).mail_server
    with pytest.raises(ValidationError, match="in live mode"):
        settings(monkeypatch, **live | {"DANBAO_SMTP_URL": "smtp://smtp.example"})
    for sender in ("", "wallet", "a@b.example\nBcc: x@y.example"):
        assert not can_send(sender)
        with pytest.raises(ValidationError, match="mail_from"):
            settings(monkeypatch, **live | {"DANBAO_MAIL_FROM": sender})


def test_the_mailbox_shows_what_came_as_text_with_links() -> None:
    box = Mailbox()
    text = "<script>alert(1)</script> https://pay.example/wallet/link/x?a=1&b=2 and more"
    box.mails.append(Mail(["<b>@x.example"], "<i>", text, datetime.now(UTC)))
    page = box.page()
    assert "&lt;script&gt;" in page
    assert not any(tag in page for tag in ("<script", "<b>", "<i>"))
    url = "https://pay.example/wallet/link/x?a=1&amp;b=2"
    assert f'<a href="{url}">{url}</a> and more' in page


def test_what_the_guide_shows_are_settings_of_a_live_mail_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.S)
    shown = dict(line.split("=", 1) for line in block.strip().splitlines())
    assert shown.keys() == MAILS.keys()
    server = settings(monkeypatch, **shown).mail_server
    assert server == MailServer("smtp.example", 587, "starttls", "user", "password")
