"""Connections lead to checked addresses only, over real sockets; names are the test's own."""

import ssl
from datetime import timedelta
from pathlib import Path

import httpcore2
import pytest

from tests.integration.webhooks.sink import LOOPBACK, Sink, listening
from webhooks.addresses import LIVE, SANDBOX, Reach
from webhooks.courier import Answer, courier
from webhooks.guard import Guard

TIMEOUT = timedelta(seconds=5)
PUBLIC = "8.8.8.8"
#: As in live mode, but for the ports: a test can't listen at 443.
ANY_PORT = Reach(("https", "http"), None, inside=False)
#: Key and certificate of `shop.example`, which no public authority knows.
CERTIFICATE = Path(__file__).with_name("shop_example.pem")


class Names:
    """A name service that says what a test wants, and remembers what it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def post(
    url: str, names: Names, reach: Reach = ANY_PORT, tls: ssl.SSLContext | None = None
) -> Answer:
    async with courier(reach, names, tls) as sender:
        return await sender.post(url, b"{}", {}, TIMEOUT)


def at(sink: Sink, host: str = "shop.example", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{sink.port}/hooks"


@pytest.mark.parametrize(
    "found",
    [
        [LOOPBACK],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        [PUBLIC, LOOPBACK],
        [LOOPBACK, PUBLIC],
        ["2606:4700::1111", "10.0.0.1"],
    ],
    ids=" ".join,
)
async def test_a_name_that_leads_inside_is_not_connected_to(found: list[str], sink: Sink) -> None:
    answer = await post(at(sink), Names(found))

    assert (answer.status, answer.error) == (0, "address_forbidden")
    assert sink.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "[::1]"])
async def test_a_number_is_not_connected_to_even_if_it_was_stored(host: str, sink: Sink) -> None:
    """The address is looked at again at every try: what is allowed may have changed since."""
    names = Names([PUBLIC])

    answer = await post(at(sink, host), names)

    assert (answer.status, answer.error) == (0, "address_forbidden")
    assert sink.connections == 0
    assert names.asked == []


class Dialled(httpcore2.AsyncNetworkBackend):
    """Remembers where a connection was to go, and makes none: nothing leaves this machine."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    async def connect_tcp(
        self, host: str, port: int, *_: object, **__: object
    ) -> httpcore2.AsyncNetworkStream:
        self.hosts.append(host)
        raise httpcore2.ConnectError("not in a test")


async def test_a_name_is_asked_for_once_so_that_a_second_answer_comes_too_late() -> None:
    """DNS rebinding: public when it is checked, loopback for whoever asks again."""
    names, plain = Names([PUBLIC], [LOOPBACK]), Dialled()

    with pytest.raises(httpcore2.ConnectError, match="not in a test"):
        await Guard(LIVE, names, plain).connect_tcp("shop.example", 443)

    assert names.asked == ["shop.example"]
    assert plain.hosts == [PUBLIC], "to what was checked, by its number"


async def test_the_second_answer_is_checked_as_the_first_was(sink: Sink) -> None:
    """A new connection asks anew, and what was public a moment ago may lead inside now."""
    names = Names([LOOPBACK], ["169.254.169.254"])
    sink.says = [b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"]
    async with courier(SANDBOX, names) as sender:
        heard = await sender.post(at(sink), b"{}", {}, TIMEOUT)
        refused = await sender.post(at(sink), b"{}", {}, TIMEOUT)

    assert heard.status == 200
    assert (refused.status, refused.error) == (0, "address_forbidden")
    assert names.asked == ["shop.example", "shop.example"]


async def test_the_host_header_keeps_the_name(sink: Sink) -> None:
    answer = await post(at(sink), Names([LOOPBACK]), SANDBOX)

    assert answer.status == 204
    assert sink.heard[0].headers["host"] == f"shop.example:{sink.port}"


async def test_of_several_addresses_the_next_is_tried(sink: Sink) -> None:
    answer = await post(at(sink), Names(["127.0.0.2", "::1", LOOPBACK]), SANDBOX)

    assert answer.status == 204


@pytest.mark.parametrize("found", [[], ["127.0.0.2"]])
async def test_where_no_address_answers_nothing_is_heard(found: list[str], sink: Sink) -> None:
    answer = await post(at(sink), Names(found), SANDBOX)

    assert answer.error == ("not_connected" if found else "name_not_resolved")


def certified() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_tls_is_with_the_name_while_the_connection_is_to_the_address() -> None:
    asked_for: list[str] = []
    server = certified()
    server.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    trusting = ssl.create_default_context(cafile=CERTIFICATE)
    async with listening(server) as sink:
        answer = await post(at(sink, scheme="https"), Names([LOOPBACK]), SANDBOX, trusting)

    assert answer.status == 204
    assert asked_for == ["shop.example"]


async def test_a_certificate_for_another_name_is_none() -> None:
    trusting = ssl.create_default_context(cafile=CERTIFICATE)
    async with listening(certified()) as sink:
        answer = await post(at(sink, "bank.example", "https"), Names([LOOPBACK]), SANDBOX, trusting)

    assert (answer.status, answer.error) == (0, "tls_failed")
    assert sink.heard == []


async def test_a_certificate_that_nobody_vouches_for_is_none() -> None:
    async with listening(certified()) as sink:
        answer = await post(at(sink, scheme="https"), Names([LOOPBACK]), SANDBOX)

    assert (answer.status, answer.error) == (0, "tls_failed")
    assert sink.heard == []


async def test_in_live_mode_not_even_a_public_name_is_asked_for_without_https() -> None:
    names = Names([PUBLIC])

    answer = await post("http://shop.example/hooks", names, LIVE)

    assert answer.error == "address_forbidden"
    assert names.asked == []


async def test_the_systems_own_name_service_is_asked_by_default(sink: Sink) -> None:
    async with courier() as sender:
        here = await sender.post(at(sink, "localhost"), b"{}", {}, TIMEOUT)
        nowhere = await sender.post("http://nowhere.invalid/", b"{}", {}, TIMEOUT)

    assert here.status == 204
    assert nowhere.error == "name_not_resolved"
