"""Logs: one JSON object per line on stdout, from structlog and from libraries alike.

Nothing secret leaves by a log line: values are dropped by the name of their key, and whatever
looks like a credential is blotted out of the finished line, tracebacks included.
"""

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

REDACTED = "[redacted]"
SECRET_KEY = re.compile(
    r"secret|password|passwd|token|authorization|cookie|api_?key|signature|credential|e_?mail", re.I
)
SECRET_TEXT = (
    (re.compile(r"\b(ek_(?:test|live)|whsec)_[\w+/=-]+"), rf"\1_{REDACTED}"),
    (re.compile(r"(://[^\s:/@\"]+):[^\s@/\"]+@"), rf"\1:{REDACTED}@"),
    (re.compile(r"(/(?:pay|orders)/)(?!esc_)[\w.~-]{16,}"), rf"\1{REDACTED}"),
    (re.compile(r"([?&](?:token|signature|secret)=)[^&\s\"\\]+"), rf"\1{REDACTED}"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.I), rf"\1 {REDACTED}"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"), REDACTED),
)
#: Libraries whose every request is a line at INFO; our own lines say what matters.
TALKATIVE = ("httpx2", "httpcore2", "uvicorn.access", "alembic")

EventDict = MutableMapping[str, Any]


def configure_logging(service: str, level: str = "info") -> None:
    """Send every log line of this process to stdout as JSON, from `level` up.

    Each line carries `service`, `level`, `event`, `timestamp` (RFC 3339, UTC) and what was bound.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(service),
        structlog.processors.format_exc_info,
        drop_secret_keys,
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _rendered,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def drop_secret_keys(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace the value of every key that names something secret, at any depth."""
    return {key: _without_secrets(key, value) for key, value in event.items()}


def blot_out_secrets(line: str) -> str:
    """Replace what looks like a credential or an e-mail address in a finished line."""
    for pattern, replacement in SECRET_TEXT:
        line = pattern.sub(replacement, line)
    return line


def _rendered(_logger: object, _method: str, event: EventDict) -> str:
    return blot_out_secrets(json.dumps(event, ensure_ascii=False, default=str))


def _without_secrets(key: str, value: object) -> object:
    if SECRET_KEY.search(key):
        return REDACTED
    if isinstance(value, dict):
        return {inner: _without_secrets(str(inner), held) for inner, held in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(key, held) for held in value]
    return value


def _named(service: str) -> structlog.typing.Processor:
    def name(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return name
