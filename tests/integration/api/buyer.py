"""A buyer at the pages, with a browser that follows nothing by itself."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

HIDDEN = re.compile(
    r'<form method="post" action="([^"]+)"[^>]*>\s*<input[^>]*name="form" value="([^"]+)"'
)


@dataclass(frozen=True, slots=True)
class Buyer:
    """At one purchase."""

    http: httpx2.AsyncClient
    escrow: dict[str, Any]

    async def arrive(self, url: str) -> httpx2.Response:
        """Open a link as it was given; ends at the clean address."""
        exchanged = await self.http.get(urlsplit(url).path)
        assert exchanged.status_code == 303, exchanged.text
        return await self.http.get(exchanged.headers["location"])

    async def cashier(self) -> httpx2.Response:
        return await self.arrive(self.escrow["checkout_url"])

    async def order(self) -> httpx2.Response:
        return await self.arrive(self.escrow["order_url"])

    async def send(self, page: httpx2.Response, action: str, **typed: str) -> httpx2.Response:
        """Send the form of `page` that goes to `action`."""
        forms = dict(HIDDEN.findall(page.text))
        folder, escrow_id = urlsplit(str(page.url)).path.split("/")[1:3]
        target = f"/{folder}/{escrow_id}/{action}"
        return await self.http.post(target, data={"form": forms[target], **typed})


def told(page: httpx2.Response) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.split(r"<body[^>]*>", page.text)[1]).split())
