"""What schemathesis loads beside its settings (schemathesis.toml)."""

import itertools
import os
import re
from typing import Any

import schemathesis

from api.idempotency import IDEMPOTENCY_KEY, PATTERN

_NUMBERS = itertools.count(1)


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]
) -> None:
    """A fresh key for every command: schemathesis repeats its own, and the rest would be 422."""
    key = case.headers.get(IDEMPOTENCY_KEY)
    if isinstance(key, str) and re.fullmatch(PATTERN, key):
        case.headers[IDEMPOTENCY_KEY] = f"{os.getpid()}-{next(_NUMBERS)}"
