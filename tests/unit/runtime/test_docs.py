from pathlib import Path

from runtime.docs import PAGES, outdated, settings_page, write
from runtime.settings import MigrationSettings, Settings

ROOT = Path(__file__).parents[3]


def test_generated_pages_say_what_the_code_says() -> None:
    assert list(outdated(ROOT)) == []


def test_every_setting_has_its_line_and_its_meaning() -> None:
    page = settings_page()
    for settings in (Settings, MigrationSettings):
        for name, field in settings.model_fields.items():
            assert f"`{field.validation_alias or f'DANBAO_{name.upper()}'}`" in page
            assert field.description


def test_a_page_that_drifted_is_written_again(tmp_path: Path) -> None:
    for name in PAGES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "docs/reference/settings.md").write_text("old")
    assert write(tmp_path) == ["docs/reference/settings.md"]
    assert outdated(tmp_path) == {}
