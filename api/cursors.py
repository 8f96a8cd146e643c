"""Where a list goes on: opaque to callers, and good for one merchant's list only."""

import hashlib

from itsdangerous import BadSignature, Signer
from pydantic import BaseModel, ConfigDict, Field

from api.errors import Flaw, InvalidCursor


class Page(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before, unchanged."
    )
    limit: int = Field(20, ge=1, le=100)


class Cursors:
    def __init__(self, secret: str) -> None:
        self._signer = Signer(
            secret, salt="cursor", key_derivation="hmac", digest_method=hashlib.sha256
        )

    def after(self, listing: str, merchant_id: str, last: str) -> str:
        """The cursor of the page that begins after the row `last` of this merchant's `listing`."""
        signed = self._signer.sign(f"{listing}.{merchant_id}.{last}").decode()
        return signed.removeprefix(f"{listing}.{merchant_id}.")

    def last(self, listing: str, merchant_id: str, cursor: str) -> str:
        """The row that the page before ended with. Raises InvalidCursor."""
        try:
            signed = self._signer.unsign(f"{listing}.{merchant_id}.{cursor}").decode("ascii")
        except (BadSignature, UnicodeError) as forged:
            why = "not a cursor that this list gave you"
            raise InvalidCursor(why, flaws=(Flaw(why, parameter="cursor"),)) from forged
        return signed.rsplit(".", 1)[1]
