"""Where a notice may be sent: never inside, in whatever way an address is written."""

import pytest

from webhooks.addresses import LIVE, SANDBOX, BadEndpoint

#: What each of them is, besides "not a merchant's server".
INSIDE = {
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "ourselves": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1"],
    "carrier": ["100.64.0.1", "100.127.255.255"],
    "link-local": ["169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"],
    "cloud metadata": ["169.254.169.254", "100.100.100.200", "fd00:ec2::254"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "broadcast and reserved": ["255.255.255.255", "240.0.0.1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "protocols": ["192.0.0.8", "192.88.99.1", "2001:10::1", "100::1", "5f00::1"],
    "site-local": ["fec0::1"],
    "IPv4 mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe"],
    "IPv4 compatible": ["::127.0.0.1", "::10.0.0.1"],
    "IPv4 translated": ["::ffff:0:127.0.0.1"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::8.8.8.8"],
    "6to4": ["2002:7f00:1::1", "2002:a00:1::", "2002:808:808::1"],
    "Teredo": ["2001:0:7f00:1::", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
}
OUTSIDE = [
    "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "192.169.0.1", "100.63.255.255",
    "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001::1", "2400:3200::1",
    "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(address, id=f"{what} {address}")
        for what, some in INSIDE.items()
        for address in some
    ],
)
def test_nothing_inside_is_reached_in_live_mode(address: str) -> None:
    assert not LIVE.allows(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_public_is_reached_in_either_mode(address: str) -> None:
    assert LIVE.allows(address)
    assert SANDBOX.allows(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fc00::1"])
def test_a_sandbox_reaches_its_own_network(address: str) -> None:
    assert SANDBOX.allows(address)


@pytest.mark.parametrize(
    "address",
    [
        *INSIDE["cloud metadata"],
        *INSIDE["multicast"],
        *INSIDE["broadcast and reserved"],
        *INSIDE["ourselves"],
        "fe80::1",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
    ],
)
def test_a_sandbox_does_not_reach_what_nobody_may(address: str) -> None:
    assert not SANDBOX.allows(address)


#: The same host as 127.0.0.1 or [::1], to one resolver or another.
NUMBERS = [
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0X7F000001",
    "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.0x1", "0", "0x", "1.1.1.1",
    "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:8.8.8.8]", "[2606:4700::1111]",
    "１２７.０.０.１", "①②⑦.⓪.⓪.①",
]  # fmt: skip


@pytest.mark.parametrize("host", NUMBERS)
def test_in_live_mode_an_address_has_a_name(host: str) -> None:
    with pytest.raises(BadEndpoint):
        LIVE.check_url(f"https://{host}/hooks")


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hooks",
        "https://shop.example:443/hooks",
        "https://shop.example:8443/hooks?of=ours",
        "https://127.0.0.1.shop.example/",
        "https://0x7f.shop.example/",
        "https://1password.example/",
        "https://购物.example/hooks",
        f"https://shop.example/{'a' * 2000}",
    ],
)
def test_in_live_mode_a_name_behind_https_is_taken(url: str) -> None:
    assert LIVE.check_url(url).scheme == "https"


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hooks",
        "https://shop.example:80/",
        "https://shop.example:8080/",
        "https://shop.example:22/",
        "https://shop.example:5432/",
        "https://shop.example:6379/",
    ],
)
def test_live_mode_insists_on_https_and_its_ports(url: str) -> None:
    with pytest.raises(BadEndpoint):
        LIVE.check_url(url)
    assert SANDBOX.check_url(url).host == "shop.example"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/hooks",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "//shop.example/hooks",
        "/hooks",
        "https://me:secret@shop.example/hooks",
        "https://me@shop.example/hooks",
        "https://shop.example@127.0.0.1/",
        "https://shop.example#@127.0.0.1/",
        "https://shop.example/hooks#part",
        "https:///hooks",
        "https://shop.example:99999/",
        "https://shop.example:0/",
        "https://shop.example:-1/",
        "https://shop..example/",
        f"https://{'a' * 64}.example/",
        "https://[::1/",
        "https://shop.example/\n",
        "https://shop.example/\r\nHost: inside",
        "https://sh\top.example/",
        f"https://shop.example/{'a' * 2048}",
        "",
    ],
)
def test_what_is_no_address_for_notices_is_refused_in_either_mode(url: str) -> None:
    for reach in (LIVE, SANDBOX):
        with pytest.raises(BadEndpoint):
            reach.check_url(url)
