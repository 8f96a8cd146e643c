"""Where the parts of one running Danbao are, and what each of them has to be told."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from runtime.embedded.places import LOOPBACK, inherited, is_free

#: Where banks report to; the last word is the bank's id.
CALLBACK_PATH = "/v1/banks/sandbox/callbacks"
MAILS_FROM = "wallet@danbao.example"


class MissingSetting(Exception):
    """A setting is not there or says nothing usable."""


def named(environ: Mapping[str, str], wanted: str, because: str) -> str:
    """`environ[wanted]`, which `because` makes necessary. Raises MissingSetting."""
    if value := environ.get(wanted):
        return value
    raise MissingSetting(f"{because} is set, so {wanted} has to be set too")


@dataclass(frozen=True, slots=True)
class Ports:
    """What is taken when it is free; 0 is always any."""

    api: int = 0
    bank: int = 0
    shop: int = 0
    temporal: int = 0
    temporal_ui: int = 0
    codec: int = 0
    mailbox: int = 0


#: What people remember.
USUAL_PORTS = Ports(
    api=8800, bank=8810, shop=8820, temporal=7233, temporal_ui=8233, codec=8830, mailbox=8840
)
USUAL_UI = f"http://{LOOPBACK}:{USUAL_PORTS.temporal_ui}"
#: Where people who want other ones say so: these are not given up when they are busy.
PORT_SETTINGS = {
    "api": "DANBAO_API_PORT",
    "bank": "SANDBOX_BANK_PORT",
    "shop": "SHOP_PORT",
    "mailbox": "MAILBOX_PORT",
}


def wanted_ports(environ: Mapping[str, str]) -> Ports:
    """The usual ports, or what the environment says instead. Raises MissingSetting."""
    ports = asdict(USUAL_PORTS)
    for part, setting in PORT_SETTINGS.items():
        if said := environ.get(setting):
            if not (said.isdecimal() and 0 < int(said) < 65536):
                raise MissingSetting(f"{setting}={said} is not a port")
            ports[part] = int(said)
    return Ports(**ports)


def insist(environ: Mapping[str, str]) -> None:
    """A port that was asked for by name is not exchanged for another one. Raises MissingSetting."""
    ports = asdict(wanted_ports(environ))
    for part, setting in PORT_SETTINGS.items():
        if setting in environ and not is_free(ports[part]):
            raise MissingSetting(f"{setting}={ports[part]}, but somebody listens there already")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made once per home, so that links that were sent still open after a restart."""

    link: str
    bank_api_key: str
    bank_callback: str
    vault_key: str
    codec: str

    @classmethod
    def kept_in(cls, file: Path) -> Self:
        """Those of `file`; what an older version did not know yet is added to it."""
        kept = json.loads(file.read_text()) if file.exists() else {}
        missing = [field.name for field in fields(cls) if field.name not in kept]
        if missing:
            file.touch(mode=0o600)
            kept |= {name: secrets.token_hex(32) for name in missing}
            file.write_text(json.dumps(kept))
        return cls(**kept)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Addresses of everything. Database URLs are `postgresql+asyncpg://…` with passwords."""

    owner_url: str
    app_url: str
    bank_database_url: str
    temporal_address: str
    temporal_ui_url: str
    api_port: int
    bank_port: int
    shop_port: int
    codec_port: int
    mailbox_port: int
    smtp_port: int
    evidence_dir: Path

    @property
    def api_url(self) -> str:
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def bank_url(self) -> str:
        return f"http://{LOOPBACK}:{self.bank_port}"

    @property
    def shop_url(self) -> str:
        return f"http://{LOOPBACK}:{self.shop_port}"

    @property
    def mailbox_url(self) -> str:
        return f"http://{LOOPBACK}:{self.mailbox_port}"


def app_environment(
    at: Whereabouts, known: Secrets, health_port: int, metrics_port: int
) -> dict[str, str]:
    """For the API and the workers. Temporal's own settings pass through from ours."""
    temporal = {name: value for name, value in os.environ.items() if name.startswith("TEMPORAL_")}
    return {
        **inherited(os.environ),
        **temporal,
        "DATABASE_URL": at.app_url,
        "DANBAO_PUBLIC_URL": at.api_url,
        "DANBAO_LINK_SECRET": known.link,
        "DANBAO_VAULT_KEYS": known.vault_key,
        "DANBAO_BANK_URL": at.bank_url,
        "DANBAO_BANK_API_KEY": known.bank_api_key,
        "DANBAO_BANK_CALLBACK_SECRET": known.bank_callback,
        "DANBAO_EVIDENCE_DIR": str(at.evidence_dir),
        "DANBAO_TEMPORAL_UI_URL": f"{at.temporal_ui_url}/namespaces/default"
        if at.temporal_ui_url
        else "",
        "DANBAO_SMTP_URL": f"smtp://{LOOPBACK}:{at.smtp_port}",
        "DANBAO_MAIL_FROM": MAILS_FROM,
        "DANBAO_API_PORT": str(at.api_port),
        "DANBAO_WORKER_HEALTH_PORT": str(health_port),
        "DANBAO_METRICS_PORT": str(metrics_port),
        "TEMPORAL_ADDRESS": at.temporal_address,
    }


def codec_environment(at: Whereabouts, known: Secrets) -> dict[str, str]:
    """For the codec server: it decrypts for pages of this Temporal's UI."""
    ui = at.temporal_ui_url or USUAL_UI
    return {
        **inherited(os.environ),
        "DATABASE_URL": at.app_url,
        "DANBAO_VAULT_KEYS": known.vault_key,
        "DANBAO_CODEC_TOKEN": known.codec,
        "DANBAO_CODEC_ORIGINS": f"{ui},{ui.replace(LOOPBACK, 'localhost')}",
        "DANBAO_CODEC_HOST": LOOPBACK,
        "DANBAO_CODEC_PORT": str(at.codec_port),
    }


def bank_environment(at: Whereabouts, known: Secrets) -> dict[str, str]:
    """For the sandbox bank, which is told where we take its reports and nothing else of us."""
    return {
        **inherited(os.environ),
        "SANDBOX_BANK_DATABASE_URL": at.bank_database_url,
        "SANDBOX_BANK_HOST": LOOPBACK,
        "SANDBOX_BANK_PORT": str(at.bank_port),
        "SANDBOX_BANK_PUBLIC_URL": at.bank_url,
        "SANDBOX_BANK_API_KEY": known.bank_api_key,
        "SANDBOX_BANK_CALLBACK_URL": at.api_url + CALLBACK_PATH,
        "SANDBOX_BANK_CALLBACK_SECRET": known.bank_callback,
    }


def mailbox_environment(at: Whereabouts) -> dict[str, str]:
    """For the sandbox's mailbox, which knows nobody."""
    return {
        **inherited(os.environ),
        "MAILBOX_HOST": LOOPBACK,
        "MAILBOX_PORT": str(at.mailbox_port),
        "MAILBOX_SMTP_PORT": str(at.smtp_port),
    }


def shop_environment(
    at: Whereabouts, api_key: str, webhook_secret: str, database: Path, python_path: Path
) -> dict[str, str]:
    """For the example shop: what a merchant knows of us, and where the client is."""
    return {
        **inherited(os.environ),
        "PYTHONPATH": str(python_path),
        "DANBAO_URL": at.api_url,
        "DANBAO_API_KEY": api_key,
        "SHOP_WEBHOOK_SECRETS": webhook_secret,
        "SHOP_URL": at.shop_url,
        "SHOP_HOST": LOOPBACK,
        "SHOP_PORT": str(at.shop_port),
        "SHOP_DATABASE": str(database),
    }
