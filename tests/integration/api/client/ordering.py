"""What the tests of the client order."""

from typing import TypedDict


class Order(TypedDict):
    order_id: str
    amount: int
    currency: str
    description: str
    buyer_email: str
    return_url: str


ORDER: Order = {
    "order_id": "A-1001",
    "amount": 12_900,
    "currency": "CNY",
    "description": "A pair of walking boots",
    "buyer_email": "buyer@example.com",
    "return_url": "https://shop.example/orders/A-1001",
}
