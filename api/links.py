"""A buyer's capability: whoever holds the link may pay, confirm and look.

A token is signed, not stored, and depends on nothing but its purchase, so that a repeated create
answers byte for byte what the first one did.
"""

import hashlib
import re
from datetime import datetime, timedelta

from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer

from api.errors import ExpiredLink, InvalidLink, StaleForm
from domain.terms import LONGEST_EXTENSION, Terms

#: A buyer can look something up for this long after the last day the purchase can have.
AFTERWARDS = timedelta(days=30)
#: A page that was left open overnight still works in the morning.
FORM_AGE = timedelta(hours=12)

_SIGNED = re.compile(r"([0-9a-f]{32})([0-9a-f]{8,9})")


class Links:
    def __init__(self, secret: str, public_url: str) -> None:
        self._tokens = Signer(
            secret, salt="buyer-link", key_derivation="hmac", digest_method=hashlib.sha256
        )
        self._forms = URLSafeTimedSerializer(
            secret,
            salt="form",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        self._public_url = public_url

    def cashier(self, terms: Terms) -> str:
        return f"{self._public_url}/pay/{self.token(terms.escrow_id, expiry(terms))}"

    def order(self, terms: Terms) -> str:
        return f"{self._public_url}/orders/{self.token(terms.escrow_id, expiry(terms))}"

    def token(self, escrow_id: str, expires_at: datetime) -> str:
        signed = f"{escrow_id.removeprefix('esc_')}{int(expires_at.timestamp()):08x}"
        return self._tokens.sign(signed).decode()

    def escrow_of(self, token: str, now: datetime) -> str:
        """The purchase that `token` opens. Raises InvalidLink, ExpiredLink."""
        try:
            signed = self._tokens.unsign(token).decode("ascii")
        except (BadSignature, UnicodeError) as forged:
            raise InvalidLink("the link is not complete, or not ours") from forged
        match = _SIGNED.fullmatch(signed)
        if match is None:
            raise InvalidLink("the link is not complete, or not ours")
        if int(match[2], 16) <= now.timestamp():
            raise ExpiredLink("the link was valid until some time after the purchase's last day")
        return f"esc_{match[1]}"

    def form(self, about: str, action: str, nonce: str) -> str:
        """What a page's form carries: proof that we rendered it, for this action.

        `about` is the purchase, or the session of somebody at the console.
        """
        return self._forms.dumps([about, action, nonce])

    def nonce_of(self, form: str, about: str, action: str) -> str:
        """The nonce of a form that came back; its idempotency key. Raises StaleForm."""
        try:
            said = self._forms.loads(form, max_age=int(FORM_AGE.total_seconds()))
        except BadSignature as forged:
            raise StaleForm("open the page again") from forged
        if said[:2] != [about, action]:
            raise StaleForm("open the page again")
        return str(said[2])


def expiry(terms: Terms) -> datetime:
    """After the last day that this purchase can have, both disputes in arbitration included."""
    windows = terms.windows
    disputes = 2 * (windows.answer + windows.arbitration)
    course = windows.payment + windows.shipping + windows.inspection + LONGEST_EXTENSION
    return terms.opened_at + course + disputes + AFTERWARDS
