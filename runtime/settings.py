"""Every setting of our own processes, read from the environment.

Temporal's settings are not here: they are `temporalio.envconfig`'s (TEMPORAL_ADDRESS,
TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS …). docs/reference/settings.md is generated
from this file by `./dev docs`.
"""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import AnyHttpUrl, Field, SecretStr, TypeAdapter, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.mail import MailServer, can_send
from vault.ring import Ring

ASYNCPG = "postgresql+asyncpg://"
_HTTP_URL = TypeAdapter(AnyHttpUrl)
_ORIGIN = re.compile(r"https?://[^/\s,]+")
VAULT_KEYS = (
    "Master keys, each 64 hexadecimal digits, with commas between: the first wraps the keys of "
    "purchases, all of them unwrap."
)

EVIDENCE_DIR = (
    "Folder for the files of disputes, out of reach of any web server; every process of the API "
    "reads and writes the same one."
)


class Settings(BaseSettings):
    """What the API and the worker are told. Secrets and connection strings have no default."""

    model_config = SettingsConfigDict(env_prefix="DANBAO_", frozen=True, extra="ignore")

    database_url: str = Field(
        validation_alias="DATABASE_URL",
        repr=False,
        description="PostgreSQL as the application's own role, `postgresql+asyncpg://…`.",
    )
    database_pool_size: int = Field(
        default=10, ge=1, le=200, description="Connections that one process keeps to PostgreSQL."
    )
    mode: Literal["sandbox", "live"] = Field(
        default="sandbox",
        description="`live` insists on https and issues `ek_live_` keys; `sandbox` says on every "
        "page that no real money moves.",
    )
    public_url: str = Field(description="Base URL of the API and its pages as buyers see it.")
    link_secret: SecretStr = Field(
        min_length=32, description="Signs the links that let a buyer pay and confirm."
    )
    vault_keys: SecretStr = Field(description=VAULT_KEYS)
    bank_url: str = Field(description="Base URL of the bank's API.")
    bank_api_key: SecretStr = Field(min_length=1, description="What the bank knows us by.")
    bank_callback_secret: SecretStr = Field(
        min_length=16, description="Shared with the bank: verifies what it reports."
    )
    evidence_dir: Path = Field(description=EVIDENCE_DIR)
    api_host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    api_port: int = Field(
        default=8800, ge=1, le=65535, description="Port of the API; `/healthz` and `/metrics` too."
    )
    worker_host: str = Field(
        default="127.0.0.1",
        description="Address of the worker's health and metrics doors.",
    )
    worker_health_port: int = Field(
        default=8801, ge=1, le=65535, description="The worker's `/healthz` and `/metrics`."
    )
    metrics_port: int = Field(
        default=8802, ge=1, le=65535, description="Prometheus metrics of Temporal's own runtime."
    )
    key_requests_per_minute: int = Field(
        default=6000, ge=1, description="What one API key may ask, over all processes."
    )
    link_requests_per_minute: int = Field(
        default=300, ge=1, description="What one buyer's link may ask at `/v1` and of its pages."
    )
    failures_per_minute: int = Field(
        default=60,
        ge=1,
        description="How often one address may come without a valid key or link before it hears "
        "429 instead of 401. Behind a proxy set uvicorn's `FORWARDED_ALLOW_IPS`.",
    )
    temporal_ui_url: str = Field(
        default="",
        description="Where operators see workflows, with the namespace: the desk links there.",
        examples=["https://temporal.example/namespaces/default"],
    )
    four_eyes_above: dict[str, int] = Field(
        default={},
        description="Currency to minor units, as JSON: one operator alone decides disputes up to "
        "this amount. Without its currency every decision needs two people.",
        examples=['{"CNY": 20000}'],
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="Where mails are handed in: `smtp+starttls://user:password@host`, `smtps://…`, "
        "in sandbox mode `smtp://…` too. Without it there is no wallet.",
    )
    mail_from: str = Field(
        default="",
        description="The address that mails come from; needed with `DANBAO_SMTP_URL`.",
        examples=["wallet@danbao.example"],
    )
    mails_per_minute: int = Field(
        default=10,
        ge=1,
        description="Mails with links to the wallet that one network address may ask for.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe line that is logged."
    )

    @property
    def ring(self) -> Ring:
        return Ring.parse(self.vault_keys.get_secret_value())

    @property
    def mail_server(self) -> MailServer | None:
        """None where no mails are sent, and so no wallet is."""
        url = self.smtp_url.get_secret_value()
        return MailServer.parse(url) if url else None

    def back_from_bank(self, escrow_id: str) -> str:
        """Where a bank sends the buyer: without the link's token, which is not the bank's."""
        return f"{self.public_url}/pay/{escrow_id}?looked=0"

    @field_validator("database_url")
    @classmethod
    def _speaks_asyncpg(cls, url: str) -> str:
        return speaks_asyncpg(url)

    @field_validator("vault_keys")
    @classmethod
    def _is_a_ring(cls, said: SecretStr) -> SecretStr:
        return is_a_ring(said)

    @field_validator("public_url", "bank_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        _HTTP_URL.validate_python(url)
        return url.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value():
            MailServer.parse(url.get_secret_value())
        return url

    @model_validator(mode="after")
    def _live_is_encrypted(self) -> Self:
        plain = [
            name
            for name in ("public_url", "bank_url")
            if self.mode == "live" and not getattr(self, name).startswith("https://")
        ]
        if plain:
            raise ValueError(f"{' and '.join(plain)} must be https in live mode")
        return self

    @model_validator(mode="after")
    def _mails_have_a_sender(self) -> Self:
        if self.mail_server and not can_send(self.mail_from):
            raise ValueError("smtp_url needs mail_from, the address that mails come from")
        if self.mode == "live" and self.mail_server and self.mail_server.security == "none":
            raise ValueError("smtp_url must be smtp+starttls or smtps in live mode")
        return self


class CodecSettings(BaseSettings):
    """What the codec server is told: how to decrypt, and for whom."""

    model_config = SettingsConfigDict(env_prefix="DANBAO_", frozen=True, extra="ignore")

    database_url: str = Field(
        validation_alias="DATABASE_URL",
        repr=False,
        description="PostgreSQL as the application's own role, `postgresql+asyncpg://…`.",
    )
    vault_keys: SecretStr = Field(description=VAULT_KEYS)
    codec_token: SecretStr = Field(
        min_length=32,
        description="What operators show: a bearer token, or a part of the UI's codec endpoint.",
    )
    codec_origins: str = Field(
        description="Where the Temporal UI's pages come from, like `http://127.0.0.1:8233`; "
        "several with commas between."
    )
    codec_host: str = Field(default="127.0.0.1", description="Address that it listens on.")
    codec_port: int = Field(default=8830, ge=1, le=65535, description="Its port; `/healthz` too.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe line that is logged."
    )

    @property
    def ring(self) -> Ring:
        return Ring.parse(self.vault_keys.get_secret_value())

    @property
    def origins(self) -> list[str]:
        return [origin.strip() for origin in self.codec_origins.split(",")]

    @field_validator("database_url")
    @classmethod
    def _speaks_asyncpg(cls, url: str) -> str:
        return speaks_asyncpg(url)

    @field_validator("vault_keys")
    @classmethod
    def _is_a_ring(cls, said: SecretStr) -> SecretStr:
        return is_a_ring(said)

    @field_validator("codec_origins")
    @classmethod
    def _are_origins(cls, said: str) -> str:
        for origin in said.split(","):
            if not _ORIGIN.fullmatch(origin.strip()):
                raise ValueError(f"{origin!r} is not scheme://host:port")
        return said


class MigrationSettings(BaseSettings):
    """What `python -m runtime.migrate` is told; no other process knows the owner's password."""

    model_config = SettingsConfigDict(env_prefix="DANBAO_", frozen=True, extra="ignore")

    migration_url: str = Field(
        repr=False,
        description="PostgreSQL as the role that owns the schema, `postgresql+asyncpg://…`.",
    )

    @field_validator("migration_url")
    @classmethod
    def _speaks_asyncpg(cls, url: str) -> str:
        return speaks_asyncpg(url)


class ErasureSettings(MigrationSettings):
    """What `python -m api.erasure` is told: an operator, as the role that owns the schema."""

    evidence_dir: Path = Field(description=EVIDENCE_DIR)


class KeeperSettings(MigrationSettings):
    """What `python -m runtime.rewrap` is told: an operator, as the role that owns the schema."""

    vault_keys: SecretStr = Field(description=VAULT_KEYS)

    @property
    def ring(self) -> Ring:
        return Ring.parse(self.vault_keys.get_secret_value())

    @field_validator("vault_keys")
    @classmethod
    def _is_a_ring(cls, said: SecretStr) -> SecretStr:
        return is_a_ring(said)


def speaks_asyncpg(url: str) -> str:
    """`url` as SQLAlchemy wants it; plain `postgresql://` is taken too. Raises ValueError."""
    if url.startswith(ASYNCPG):
        return url
    if url.startswith("postgresql://"):
        return ASYNCPG + url.removeprefix("postgresql://")
    raise ValueError(f"starts with {ASYNCPG}")


def is_a_ring(said: SecretStr) -> SecretStr:
    """`said` when master keys can be made of it. Raises ValueError."""
    Ring.parse(said.get_secret_value())
    return said
