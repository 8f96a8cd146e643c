"""Where a notice may be sent: a merchant's own server, and never anything inside.

A webhook is a request that somebody else aims. So its address is looked at twice: as it is
written, when a merchant gives it, and as what its name leads to, at every connection
(`webhooks/guard.py`).
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpx2

LONGEST_URL = 2048

#: A last label that a resolver takes for a number makes the whole name an IPv4 address:
#: 2130706433, 0x7f000001, 0177.0.0.1, 127.1 (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"(?:\d+|0[xX][0-9a-fA-F]*)\Z")

#: The IANA registry of special-purpose IPv4 addresses, and multicast.
_FORBIDDEN_V4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
#: Only what IANA has given out for the public network is allowed, but for these parts of it:
#: protocol assignments with Teredo, ORCHID and benchmarking, AS112, 6to4, documentation.
_PUBLIC_V6 = IPv6Network("2000::/3")
_FORBIDDEN_V6 = tuple(
    ip_network(block)
    for block in (
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
#: IPv4 in other clothes: a network that only speaks IPv6 reaches every merchant by the second.
_MAPPED, _NAT64 = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")
#: What a sandbox must not reach either: hosts of clouds tell their secrets at 169.254.169.254.
_NEVER = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8", "100.100.100.200/32", "169.254.0.0/16", "224.0.0.0/3", "::/128",
        "fd00:ec2::/32", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip


class BadEndpoint(ValueError):
    """Not an address that a notice may be sent to."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What notices may reach. `ports` None: all. `inside`: also our own network, and by number."""

    schemes: tuple[str, ...]
    ports: frozenset[int] | None
    inside: bool

    def check_url(self, url: str) -> httpx2.URL:
        """What can be said of an address as it is written. Raises BadEndpoint."""
        parts = _parsed(url)
        if parts.scheme not in self.schemes or not parts.host:
            raise BadEndpoint(f"a webhook address is {' or '.join(self.schemes)}, with a host")
        if parts.userinfo or parts.fragment:
            raise BadEndpoint("a webhook address has no user, password or fragment")
        usual = 443 if parts.scheme == "https" else 80
        port = usual if parts.port is None else parts.port
        if not 0 < port < 65536 or (self.ports and port not in self.ports):
            allowed = " or ".join(map(str, sorted(self.ports or ()))) or "1 to 65535"
            raise BadEndpoint(f"the port of a webhook address is {allowed}")
        if is_number(parts.raw_host.decode()) and not self.inside:
            raise BadEndpoint("a webhook address has a name, not a number")
        return parts

    def allows(self, address: str) -> bool:
        """Whether a connection to this IP address may be made."""
        ip = bare(address)
        if self.inside:
            return not any(ip in block for block in _NEVER)
        return is_public(ip)


LIVE = Reach(("https",), frozenset({443, 8443}), inside=False)
#: A demonstration's shop listens on loopback, a test deployment's in the same private network.
SANDBOX = Reach(("https", "http"), None, inside=True)


def is_number(host: str) -> bool:
    """Whether a host is an IP address, also in a form that only resolvers take for one."""
    return ":" in host or bool(_NUMBER.match(host.rstrip(".").rpartition(".")[2]))


def bare(address: str) -> IPv4Address | IPv6Address:
    """The address without the clothes that an IPv4 address can wear. Raises ValueError."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and (ip in _MAPPED or ip in _NAT64):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in _FORBIDDEN_V4)
    return ip in _PUBLIC_V6 and not any(ip in block for block in _FORBIDDEN_V6)


def _parsed(url: str) -> httpx2.URL:
    if len(url) > LONGEST_URL:
        raise BadEndpoint(f"a webhook address has at most {LONGEST_URL} characters")
    try:
        parts = httpx2.URL(url)
        # What a name server is asked for: no empty label, none over 63 characters.
        parts.raw_host.decode("ascii").encode("idna")
    except (httpx2.InvalidURL, UnicodeError) as broken:
        raise BadEndpoint(f"not an address: {broken}") from broken
    return parts
