"""Run the bank: `python -m banks.sandbox`."""

import logging
import sys

import structlog
import uvicorn

from banks.sandbox.app import create_app
from banks.sandbox.settings import Settings
from banks.sandbox.wire import Wire

#: What is under way may finish; a merchant that is kept waiting for a slow answer asks again.
GRACE_SECONDS = 5


def main() -> None:
    log_as_json()
    settings = Settings()
    wire = Wire()
    config = uvicorn.Config(
        create_app(settings, wire),
        host=settings.host,
        port=settings.port,
        # The protocol whose connections can be cut.
        http="h11",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    wire.server = uvicorn.Server(config)
    wire.server.run()


def log_as_json() -> None:
    """One JSON object per line, libraries' lines too. Requests are not logged at all."""
    chain: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    for talkative in ("httpx2", "httpcore2"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*chain, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(),
    )


if __name__ == "__main__":
    main()
