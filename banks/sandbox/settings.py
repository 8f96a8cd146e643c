"""What the bank is told by its environment."""

from pydantic import AnyHttpUrl, Field, SecretStr, TypeAdapter, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

WEEK = 7 * 24 * 3600
DAY = 24 * 3600
_HTTP_URL = TypeAdapter(AnyHttpUrl)


class Settings(BaseSettings):
    """The sandbox bank's own; it shares none with Danbao but the two secrets between them."""

    model_config = SettingsConfigDict(env_prefix="SANDBOX_BANK_", frozen=True, extra="ignore")

    database_url: str = Field(
        repr=False,
        description="The bank's own PostgreSQL database, as its owner: `postgresql+asyncpg://…`.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the bank listens on.")
    port: int = Field(default=8810, ge=1, le=65535, description="Port of its API and its page.")
    public_url: str = Field(description="Base URL of the payment page as buyers see it.")
    api_key: SecretStr = Field(min_length=1, description="What the merchant's calls carry.")
    callback_url: str = Field(description="Where the merchant wants to be told.")
    callback_secret: SecretStr = Field(
        min_length=16, description="Shared with the merchant: signs what the bank reports."
    )
    freeze_seconds: float = Field(
        default=WEEK, gt=0, description="How long a freeze can be deducted from."
    )
    remembers_seconds: float = Field(
        default=DAY,
        gt=0,
        description="How long a reference is remembered; later it would be a new order.",
    )
    database_pool_size: int = Field(
        default=10, ge=1, le=200, description="Connections that the bank keeps to PostgreSQL."
    )

    @field_validator("public_url", "callback_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        _HTTP_URL.validate_python(url)
        return url.rstrip("/")

    @property
    def dsn(self) -> str:
        """The database as asyncpg itself takes it."""
        return self.database_url.replace("postgresql+asyncpg://", "postgresql://", 1)
