"""Which addresses of the web may be read: a person names them, and none may lead into a private network.

An address is taken apart strictly, so that no two programs can read it differently; numbers that are no plain dotted
address are refused, and so is every range that is not public (RFC 6890 and successors), in IPv4 and in each of the ways
in which IPv6 can hold an IPv4 address.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from knowledge.errors import DocumentError

PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.I)
_PORT = re.compile(r":(\d{1,5})$")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|\d+)", re.I)
_DOTS = str.maketrans("。．｡", "...")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}\u0080-\u00a0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")

_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # of IPv6 only the public range is read, and of it not what wraps IPv4 (6to4, Teredo) or is for examples
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An address taken apart. `host` is lower-case ASCII without a trailing dot, or an IP in brackets' absence."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def text(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        """What goes into the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def allowed_by(self, allowed: frozenset[str]) -> bool:
        """Whether a person has named this very host (`HOST`) or host and port (`HOST:PORT`) as one of the own network.

        A bare host stands for the usual ports only.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" in allowed or (host in allowed and self.port in PORTS.values())


def parse_address(text: str, *, base: WebAddress | None = None) -> WebAddress:
    """Take an address apart; `base` is what a redirect's relative one stands against.

    Raises `DocumentError` for anything but a plain http or https address.
    """
    if _FORBIDDEN.search(text):
        raise _refused(text, "it holds characters that no address has")
    found = _URL.fullmatch(urljoin(base.text, text) if base is not None else text)
    if found is None:
        raise _refused(text, "only http and https are read")
    scheme, authority, path = found[1].lower(), found[2], found[3]
    if "@" in authority:
        raise _refused(text, "it holds a user name")
    if "%" in authority:
        raise _refused(text, "its host is written in a hidden way")
    host, port = _host_and_port(text, authority, scheme)
    return WebAddress(scheme, host, port, _path(path))


def is_public(address: Address) -> bool:
    """Whether an IP address belongs to the public internet and wraps no other address."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _PUBLIC_V6:
        # loopback, link-local, private, multicast, IPv4-mapped, IPv4-compatible and NAT64 all lie outside
        return False
    inside = any(address in network for network in _PRIVATE if network.version == address.version)
    return not inside and address.is_global and not address.is_multicast


def ip_of(host: str) -> Address | None:
    """The IP that `host` is, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _host_and_port(text: str, authority: str, scheme: str) -> tuple[str, int]:
    port = PORTS[scheme]
    if authority.startswith("["):
        inner, closed, rest = authority[1:].partition("]")
        address = ip_of(inner)
        if not closed or not isinstance(address, ipaddress.IPv6Address) or address.scope_id:
            raise _refused(text, "its host is no IPv6 address")
        host, tail = str(address), rest
    else:
        name, colon, number = authority.partition(":")
        host, tail = _name(text, name), f"{colon}{number}"
    if tail:
        found = _PORT.fullmatch(tail)
        if found is None or not 0 < int(found[1]) < 65536:
            raise _refused(text, "its port is none")
        port = int(found[1])
    return host, port


def _name(text: str, name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).translate(_DOTS).lower().removesuffix(".")
    try:
        host = folded if folded.isascii() else folded.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise _refused(text, "its host is no name") from error
    labels = host.split(".")
    if not all(map(_LABEL.fullmatch, labels)) or len(host) > 253:
        raise _refused(text, "its host is no name")
    if _NUMBER.fullmatch(labels[-1]):
        # whatever ends in a number would be read as an IPv4 address by some program: only the plain form is
        address = ip_of(host)
        if not isinstance(address, ipaddress.IPv4Address):
            raise _refused(text, "its host is a number in disguise")
        return str(address)
    return host


def _path(path: str) -> str:
    """The path and query as they are sent: a slash first, what is no ASCII percent-encoded."""
    return quote(path if path.startswith("/") else f"/{path}", safe="/?&=+$,;:@!*'()~%#[]-._")


def _refused(text: str, why: str) -> DocumentError:
    return DocumentError(f"{text[:120]!r} is not read: {why}.", mend="Name a public http or https address.")
