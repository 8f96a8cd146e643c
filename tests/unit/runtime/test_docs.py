from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from banks.sandbox.settings import Settings as BankSettings
from runtime.docs import PAGES, outdated, settings_page, write
from runtime.settings import (
    CodecSettings,
    ErasureSettings,
    KeeperSettings,
    MigrationSettings,
    Settings,
)

ROOT = Path(__file__).parents[3]


def test_generated_pages_say_what_the_code_says() -> None:
    assert list(outdated(ROOT)) == []


@pytest.mark.parametrize(
    "settings",
    [Settings, CodecSettings, MigrationSettings, ErasureSettings, KeeperSettings, BankSettings],
)
def test_every_setting_has_its_line_and_its_meaning(settings: type[BaseSettings]) -> None:
    page = settings_page()
    prefix = settings.model_config["env_prefix"]
    for name, field in settings.model_fields.items():
        assert f"| `{field.validation_alias or prefix + name.upper()}` |" in page
        assert field.description


def test_a_page_that_drifted_is_written_again(tmp_path: Path) -> None:
    for name in PAGES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "docs/reference/settings.md").write_text("old")
    assert write(tmp_path) == ["docs/reference/settings.md"]
    assert outdated(tmp_path) == {}
