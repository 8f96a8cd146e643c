"""`python -m runtime.mailbox`: the sandbox's mailbox. It takes every mail and shows it to anybody.

What it has is gone when it ends: it is for the demo, for tests and for a first try with compose.
"""

import asyncio
import re
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Line
from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

#: It forgets the oldest.
KEPT = 200
#: Octets of one mail.
LARGEST = 256 * 1024
_URL = re.compile(r"https?://[^\s<>\"]+")

PAGE = Markup("""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta http-equiv="refresh" content="5">
  <title>Sandbox mailbox</title>
  <style>
    body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 1rem auto; padding: 0 1rem; color-scheme: light dark; }}
    article {{ border-top: 1px solid #8888; padding: .5rem 0; }}
    p {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
  </style>
</head>
<body>
  <h1>Sandbox mailbox</h1>
  <p>Mails to anybody end here, newest first. This page looks again every five seconds.</p>
  {}
</body>
</html>
""")  # noqa: E501
MAIL = Markup("<article><h2>{}</h2><small>to {}, {}</small><p>{}</p></article>")


class Settings(BaseSettings):
    """What the sandbox's mailbox is told."""

    model_config = SettingsConfigDict(env_prefix="MAILBOX_", frozen=True, extra="ignore")

    host: str = Field(default="127.0.0.1", description="Address that it listens on.")
    port: int = Field(default=8840, ge=1, le=65535, description="Port of its page; `/healthz` too.")
    smtp_port: int = Field(default=8841, ge=1, le=65535, description="Port that takes mails.")


@dataclass(frozen=True, slots=True)
class Mail:
    """`at` is when it came, in UTC."""

    to: list[str]
    subject: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Mailbox:
    mails: deque[Mail] = field(default_factory=lambda: deque(maxlen=KEPT))

    async def handle_DATA(self, _server: SMTP, _line: Line, envelope: Envelope) -> str:
        """SMTP's answer; the name is aiosmtpd's."""
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.default)
        body = message.get_body(("plain",))
        text = str(body.get_content()) if body else ""
        subject = str(message["Subject"] or "")
        self.mails.appendleft(Mail(list(envelope.rcpt_tos), subject, text, datetime.now(UTC)))
        return "250 taken"

    def page(self) -> str:
        return PAGE.format(Markup("").join(map(_shown, self.mails)) or "Nothing yet.")


def _shown(mail: Mail) -> Markup:
    parts = [Markup("{}").format(part) for part in _URL.split(mail.text)]
    links = [Markup('<a href="{0}">{0}</a>').format(url) for url in _URL.findall(mail.text)]
    text = Markup("").join(
        part + link for part, link in zip(parts, [*links, Markup("")], strict=True)
    )
    return MAIL.format(mail.subject, ", ".join(mail.to), f"{mail.at:%H:%M:%S} UTC", text)


def mailbox_server(box: Mailbox) -> FastAPI:
    """Its page, the same as JSON at `/mails`, and `/healthz`."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    async def page() -> Response:
        return HTMLResponse(box.page(), headers={"Cache-Control": "no-store"})

    @app.get("/mails")
    async def mails() -> list[dict[str, object]]:
        """Newest first."""
        return [asdict(mail) for mail in box.mails]

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


async def serve(settings: Settings) -> None:
    box = Mailbox()
    smtp = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, hostname="mailbox", data_size_limit=LARGEST, enable_SMTPUTF8=True),
        settings.host,
        settings.smtp_port,
    )
    config = uvicorn.Config(
        mailbox_server(box),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
    )
    async with smtp:
        await uvicorn.Server(config).serve()


def main() -> None:
    asyncio.run(serve(Settings()))


if __name__ == "__main__":
    main()
