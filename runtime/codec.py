"""`python -m runtime.codec`: decrypts for operators at the Temporal UI and CLI."""

import asyncio

import uvicorn

from runtime.database import engine
from runtime.settings import CodecSettings
from runtime.telemetry import configure_logging
from vault.door import codec_server

#: Keys are small and remembered; a few connections serve many operators.
CONNECTIONS = 4


async def serve(settings: CodecSettings) -> None:
    pool = engine(settings.database_url, pool_size=CONNECTIONS)
    token = settings.codec_token.get_secret_value()
    config = uvicorn.Config(
        codec_server(pool, settings.ring, token, settings.origins),
        host=settings.codec_host,
        port=settings.codec_port,
        # The address of a request may hold the token.
        access_log=False,
        log_config=None,
        server_header=False,
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        await pool.dispose()


def main() -> None:
    settings = CodecSettings()
    configure_logging("codec", settings.log_level)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
