import pytest
from pydantic import ValidationError

from runtime.settings import MigrationSettings, Settings

GIVEN = {
    "DATABASE_URL": "postgresql+asyncpg://danbao_app:hunter2@db/danbao",
    "DANBAO_PUBLIC_URL": "http://localhost:8800/",
    "DANBAO_LINK_SECRET": "l" * 32,
    "DANBAO_VAULT_KEYS": f"{'a' * 64},{'b' * 64}",
    "DANBAO_EVIDENCE_DIR": "/evidence",
    "DANBAO_BANK_URL": "http://localhost:8810",
    "DANBAO_BANK_API_KEY": "bank-key",
    "DANBAO_BANK_CALLBACK_SECRET": "c" * 32,
}


def settings(monkeypatch: pytest.MonkeyPatch, **changed: str | None) -> Settings:
    for name, value in {**GIVEN, **changed}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return Settings()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(monkeypatch)
    assert read.public_url == "http://localhost:8800"
    assert read.mode == "sandbox"


@pytest.mark.parametrize("name", GIVEN)
def test_what_has_no_default_has_to_be_there(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        settings(monkeypatch, **{name: None})


def test_a_plain_postgresql_url_is_taken_too(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(monkeypatch, DATABASE_URL="postgresql://danbao_app@db/danbao")
    assert read.database_url == "postgresql+asyncpg://danbao_app@db/danbao"


@pytest.mark.parametrize(
    "changed",
    [
        {"DATABASE_URL": "mysql://db/danbao"},
        {"DANBAO_PUBLIC_URL": "localhost:8800"},
        {"DANBAO_LINK_SECRET": "short"},
        {"DANBAO_VAULT_KEYS": "short"},
        {"DANBAO_API_PORT": "70000"},
        {"DANBAO_MODE": "live"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, changed: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings(monkeypatch, **changed)


def test_live_mode_is_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = {"DANBAO_PUBLIC_URL": "https://pay.example", "DANBAO_BANK_URL": "https://bank.example"}
    assert settings(monkeypatch, DANBAO_MODE="live", **urls).mode == "live"


def test_the_first_vault_key_wraps_and_the_others_unwrap(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = settings(monkeypatch).ring
    older = settings(monkeypatch, DANBAO_VAULT_KEYS="b" * 64).ring
    assert ring.unwrap(older.wrap(b"secret", "here"), "here") == b"secret"
    assert ring.first != older.first


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANBAO_MIGRATION_URL", GIVEN["DATABASE_URL"])
    shown = repr(settings(monkeypatch)) + repr(MigrationSettings())
    assert not [
        secret
        for secret in ("hunter2", "l" * 32, "a" * 64, "bank-key", "c" * 32)
        if secret in shown
    ]
