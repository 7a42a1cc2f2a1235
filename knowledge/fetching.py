"""Read one page or file of the web that a person has named, and nothing behind it.

A host is resolved once for each hop; every address it has must be public, and the connection is made to the very one
that was checked, so that a name that changes its mind between check and use gains nothing. Redirects are checked like
the first address. No proxy, no cookies, no credentials; size and time are limited.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from knowledge.addresses import PORTS, WebAddress, ip_of, is_public, parse_address
from knowledge.errors import DocumentError

Resolver = Callable[[str, int], Sequence[str]]
"""The IP addresses of a host. A plain function: `resolve` asks the system, `FixedResolver` is the offline double."""

_AGENT = "xiaoer-ingest/1"
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one address may cost. `ports` are those read besides what `allowed` names."""

    bytes: int = 32 * 1024 * 1024
    seconds: float = 20.0
    redirects: int = 5
    ports: frozenset[int] = frozenset(PORTS.values())
    allowed: frozenset[str] = frozenset()
    """Hosts, or `host:port`, of the own network, which may be private. For intranets and tests."""


DEFAULT_FETCH_LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave. `changed` is false when it is what the caller has already; then there is no body."""

    address: str
    """Where it was found, after redirects."""
    changed: bool
    body: bytes = b""
    suffix: str = ""
    """The suffix of the kind of file it is, by its first bytes and what the server says."""
    etag: str = ""
    modified: str = ""


@dataclass
class FixedResolver:
    """The double: answers from a table, one entry after the other for a host whose answer changes."""

    table: Mapping[str, Sequence[Sequence[str]]]
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, host: str, port: int) -> Sequence[str]:
        answers = self.table.get(host)
        if not answers:
            raise OSError(f"{host} is not known")
        number = self.asked.count(host)
        self.asked.append(host)
        return answers[min(number, len(answers) - 1)]


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host as the system gives them. Raises `OSError` when it has none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def fetch(
    url: str,
    *,
    etag: str = "",
    modified: str = "",
    limits: FetchLimits = DEFAULT_FETCH_LIMITS,
    resolver: Resolver = resolve,
) -> Fetched:
    """Read `url`. With `etag` or `modified` of an earlier reading, a page that is still the same is not sent again.

    Raises `DocumentError` for an address that may not be read, a server that fails, and a limit that is reached.
    """
    deadline = time.monotonic() + limits.seconds
    address = parse_address(url)
    for _ in range(limits.redirects + 1):
        pinned = checked(address, limits, resolver)
        found = _get(address, pinned, (etag, modified), limits, deadline)
        if isinstance(found, Fetched):
            return found
        address = parse_address(found, base=address)
    raise DocumentError(f"{url}: more than {limits.redirects} redirects.", mend="Name the address it leads to.")


def checked(address: WebAddress, limits: FetchLimits, resolver: Resolver = resolve) -> str:
    """The IP address to connect to. Raises `DocumentError` unless every address of the host may be read."""
    free = address.allowed_by(limits.allowed)
    if not free and address.port not in limits.ports:
        raise DocumentError(
            f"{address.text}: port {address.port} is not read.", mend="Name the host with --allow-host HOST:PORT."
        )
    literal = ip_of(address.host)
    try:
        found = [str(literal)] if literal is not None else list(resolver(address.host, address.port))
    except OSError as error:
        raise DocumentError(f"{address.text}: the host is not known.", mend="Check the address.") from error
    if not found:
        raise DocumentError(f"{address.text}: the host has no address.", mend="Check the address.")
    for each in found:
        ip = ip_of(each)
        if ip is None or (not free and not is_public(ip)):
            raise DocumentError(
                f"{address.text}: {each} is no public address.",
                mend="If it is a server of your own network, name its host with --allow-host.",
            )
    return found[0]


def _get(
    address: WebAddress, pinned: str, known: tuple[str, str], limits: FetchLimits, deadline: float
) -> Fetched | str:
    """One request: what came, or the address it leads to."""
    connection = _Pinned(address, pinned, deadline)
    headers = {"Host": address.authority, "User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    etag, modified = known
    headers |= ({"If-None-Match": etag} if etag else {}) | ({"If-Modified-Since": modified} if modified else {})
    try:
        connection.request("GET", address.path, headers=headers)
        response = connection.getresponse()
        if response.status in _REDIRECTS:
            return _target(address, response)
        if response.status == 304 and (etag or modified):
            return Fetched(address.text, changed=False, etag=etag, modified=modified)
        if response.status != 200:
            raise DocumentError(f"{address.text}: the server answered {response.status}.", mend="Check the address.")
        if response.getheader("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise DocumentError(f"{address.text}: the server packs its answer.", mend="Save the page and ingest that.")
        body = _body(address, response, limits, deadline)
    except (OSError, http.client.HTTPException) as error:
        late = isinstance(error, TimeoutError) or time.monotonic() >= deadline
        said = f"longer than {limits.seconds:g} s" if late else (str(error) or type(error).__name__)
        raise DocumentError(f"{address.text}: it cannot be read: {said}.", mend="Try it later.") from error
    finally:
        connection.finish()
    suffix = suffix_of(body, response.getheader("Content-Type", ""), address.path)
    return Fetched(
        address.text, True, body, suffix, response.getheader("ETag", ""), response.getheader("Last-Modified", "")
    )


def _target(address: WebAddress, response: http.client.HTTPResponse) -> str:
    target = response.getheader("Location", "")
    if not target:
        raise DocumentError(f"{address.text}: it redirects to nowhere.", mend="Check the address.")
    # header bytes are read as Latin-1; an address in UTF-8 is what servers mean
    return target.encode("latin-1", "replace").decode("utf-8", "replace").strip()


def _body(
    address: WebAddress,
    response: http.client.HTTPResponse,
    limits: FetchLimits,
    deadline: float,
) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        piece = response.read1(_CHUNK)
        if not piece:
            break
        if time.monotonic() >= deadline:
            raise TimeoutError
        size += len(piece)
        if size > limits.bytes:
            raise DocumentError(f"{address.text}: more than {limits.bytes} bytes.", mend="Save a part of it.")
        pieces.append(piece)
    if time.monotonic() >= deadline:
        raise TimeoutError
    if response.length:
        raise DocumentError(f"{address.text}: the answer was cut off.", mend="Try it again.")
    return b"".join(pieces)


class _Pinned(http.client.HTTPConnection):
    """A connection to one checked IP address, which is spoken to under the host's name."""

    def __init__(self, address: WebAddress, pinned: str, deadline: float) -> None:
        super().__init__(address.host, address.port)
        self._address = address
        self._ip = pinned
        self._deadline = deadline
        self._end: threading.Timer | None = None
        self._wire: socket.socket | None = None

    def connect(self) -> None:
        left = self._left(self._deadline)
        family = socket.AF_INET6 if isinstance(ip_of(self._ip), ipaddress.IPv6Address) else socket.AF_INET
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.settimeout(left)
            # a server that sends a byte now and then resets every time-out of a read, but not this
            self._end = threading.Timer(left, self._cut)
            self._end.daemon = True
            self.sock = self._wire = plain
            self._end.start()
            plain.connect((self._ip, self._address.port))
            if self._address.scheme == "https":
                context = ssl.create_default_context()
                # from here on `plain` is an empty shell: the timer has to find the socket that took its place
                name = self._address.host
                wrapped = context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
                self.sock = self._wire = wrapped
                wrapped.do_handshake()
        except BaseException:
            plain.close()
            raise

    def finish(self) -> None:
        """Close for good. `close` alone is what http.client does while the last answer is still being read."""
        if self._end is not None:
            self._end.cancel()
        self.close()

    def _cut(self) -> None:
        # closed by its owner a moment ago, perhaps; an SSL socket's own `shutdown` would disturb who reads from it
        with suppress(OSError):
            if self._wire is not None:
                socket.socket.shutdown(self._wire, socket.SHUT_RDWR)

    @staticmethod
    def _left(deadline: float) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


_TYPES = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "text/csv": ".csv",
    "text/markdown": ".md",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
}


def suffix_of(body: bytes, content_type: str, path: str) -> str:
    """The suffix of what was sent: its first bytes say it for sure; then the server's word, then the address."""
    start = body[:1024].lstrip().lower()
    if start.startswith(b"%pdf-"):
        return ".pdf"
    if start.startswith(b"pk\x03\x04"):
        return ".docx" if b"word/" in body else ".xlsx"
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start:
        return ".html"
    said = _TYPES.get(content_type.split(";", maxsplit=1)[0].strip().lower())
    if said in (".pdf", ".docx", ".xlsx"):
        raise DocumentError("It is not what the server calls it.", mend="Save it and see what it is.")
    if said:
        return said
    last = path.split("?", maxsplit=1)[0].rsplit("/", 1)[-1].lower()
    suffix = f".{last.rsplit('.', 1)[-1]}" if "." in last else ""
    if suffix in (".md", ".txt", ".csv", ".html", ".htm"):
        return suffix
    raise DocumentError(f"It is of a kind that is not read: {content_type or 'none named'}.", mend="Save it as a file.")
