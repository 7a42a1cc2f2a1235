"""Pages are read from a real server on this machine, which has to be allowed by name; everything else is refused."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from knowledge.addresses import parse_address
from knowledge.errors import DocumentError
from knowledge.fetching import FetchLimits, FixedResolver, checked, fetch
from tests.knowledge import made_files

PAGE = "<html><body><h1>退货说明</h1><p>签收后十天内可以退货。</p></body></html>".encode()


class _Site(BaseHTTPRequestHandler):
    """Serves what its path asks for."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        getattr(self, f"_{self.path.strip('/').partition('?')[0].replace('-', '_')}", self._missing)()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _missing(self) -> None:
        self._send(b"", 404)

    def _page(self) -> None:
        if self.headers.get("If-None-Match") == '"v1"':
            self._send(b"", 304, ETag='"v1"')
        else:
            self._send(PAGE, Content_Type="text/html", ETag='"v1"')

    def _moved(self) -> None:
        self._send(b"", 302, Location="/page")

    def _round(self) -> None:
        self._send(b"", 302, Location="/round")

    def _inside(self) -> None:
        self._send(b"", 302, Location="http://169.254.169.254/latest/meta-data/")

    def _other_port(self) -> None:
        self._send(b"", 307, Location=f"http://127.0.0.1:{self.server.server_port + 1}/page")

    def _file(self) -> None:
        self._send(b"", 302, Location="file:///etc/passwd")

    def _disguised(self) -> None:
        self._send(b"", 301, Location="//2130706433/")

    def _nowhere(self) -> None:
        self._send(b"", 302)

    def _pdf(self) -> None:
        self._send(made_files.pdf(["退货"]), Content_Type="text/html")

    def _no_pdf(self) -> None:
        self._send(b"just words", Content_Type="application/pdf")

    def _picture(self) -> None:
        self._send(b"\x89PNG", Content_Type="image/png")

    def _large(self) -> None:
        self._send(b"x" * 300_000, Content_Type="text/plain")

    def _packed(self) -> None:
        self._send(b"\x1f\x8b", Content_Type="text/plain", Content_Encoding="gzip")

    def _cut(self) -> None:
        self._send(b"half", Content_Type="text/plain", Content_Length="4000")
        self.close_connection = True

    def _slow_and_last(self) -> None:
        self._slow(Connection="close")

    def _slow(self, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(60):
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.05)
        self.asked.append("heard to the end")


class _Quiet(ThreadingHTTPServer):
    """Says nothing when a client hangs up in the middle, which is what these tests are about."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[str, FetchLimits, list[str]]]:
    asked: list[str] = []
    server = _Quiet(("127.0.0.1", 0), type("Site", (_Site,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    host = f"127.0.0.1:{server.server_port}"
    yield f"http://{host}", FetchLimits(bytes=100_000, seconds=3, allowed=frozenset({host})), asked
    server.shutdown()
    server.server_close()


def test_a_page_comes_with_its_kind_and_etag_and_is_not_sent_twice(site: tuple[str, FetchLimits, list[str]]) -> None:
    base, limits, _ = site
    found = fetch(f"{base}/page", limits=limits)
    assert (found.body, found.suffix, found.etag, found.changed) == (PAGE, ".html", '"v1"', True)
    again = fetch(f"{base}/page", etag=found.etag, limits=limits)
    assert (again.changed, again.body, again.etag) == (False, b"", '"v1"')


def test_a_redirect_is_followed_where_it_may_go(site: tuple[str, FetchLimits, list[str]]) -> None:
    base, limits, _ = site
    assert fetch(f"{base}/moved", limits=limits).address == f"{base}/page"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("inside", "no public address"),
        ("other-port", "not read"),
        ("file", "only http and https"),
        ("disguised", "number in disguise"),
        ("nowhere", "nowhere"),
        ("round", "redirects"),
        ("missing", "404"),
        ("picture", "image/png"),
        ("no-pdf", "not what the server calls it"),
        ("large", "more than 100000 bytes"),
        ("packed", "packs its answer"),
        ("cut", "cut off"),
    ],
)
def test_what_a_hostile_or_broken_server_sends_is_refused(
    site: tuple[str, FetchLimits, list[str]], path: str, says: str
) -> None:
    base, limits, _ = site
    with pytest.raises(DocumentError, match=says):
        fetch(f"{base}/{path}", limits=limits)


def test_a_server_that_sends_a_byte_now_and_then_is_left(site: tuple[str, FetchLimits, list[str]]) -> None:
    base, limits, _ = site
    with pytest.raises(DocumentError, match=r"longer than 0\.3 s"):
        fetch(f"{base}/slow", limits=FetchLimits(seconds=0.3, allowed=limits.allowed))


def test_so_is_one_that_closes_after_its_answer(site: tuple[str, FetchLimits, list[str]]) -> None:
    base, limits, asked = site
    with pytest.raises(DocumentError, match=r"longer than 0\.3 s"):
        fetch(f"{base}/slow-and-last", limits=FetchLimits(seconds=0.3, allowed=limits.allowed))
    assert "heard to the end" not in asked


def test_so_is_one_that_does_it_under_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = made_files.certificate(tmp_path, "slow.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(written))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(written)
    asked: list[str] = []
    server = _Quiet(("127.0.0.1", 0), type("Site", (_Site,), {"asked": asked}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    host = f"slow.example:{server.server_port}"
    resolver = FixedResolver({"slow.example": [["127.0.0.1"]]})
    try:
        with pytest.raises(DocumentError, match=r"longer than 0\.5 s"):
            fetch(f"https://{host}/slow", resolver=resolver, limits=FetchLimits(seconds=0.5, allowed=frozenset({host})))
    finally:
        server.shutdown()
        server.server_close()
    assert asked == ["/slow"]


def test_the_kind_of_a_file_is_what_its_bytes_say(site: tuple[str, FetchLimits, list[str]]) -> None:
    base, limits, _ = site
    assert fetch(f"{base}/pdf", limits=limits).suffix == ".pdf"


def test_without_being_allowed_the_machine_itself_is_not_asked(site: tuple[str, FetchLimits, list[str]]) -> None:
    base, _, asked = site
    before = len(asked)
    port = base.rsplit(":", 1)[1]
    resolver = FixedResolver({"shop.example": [["127.0.0.1"]]})
    for limit in (FetchLimits(), FetchLimits(ports=frozenset({int(port)}))):
        for url in (f"{base}/page", f"http://shop.example:{port}/page", f"http://[::ffff:127.0.0.1]:{port}/page"):
            with pytest.raises(DocumentError):
                fetch(url, limits=limit, resolver=resolver)
    assert len(asked) == before


def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_used(
    site: tuple[str, FetchLimits, list[str]],
) -> None:
    port = site[0].rsplit(":", 1)[1]
    rebinding = FixedResolver({"rebind.example": [["93.184.216.34"], ["127.0.0.1"]]})
    assert checked(parse_address("http://rebind.example/"), FetchLimits(), rebinding) == "93.184.216.34"
    with pytest.raises(DocumentError, match="no public address"):
        checked(parse_address("http://rebind.example/"), FetchLimits(), rebinding)
    # the first answer is this machine and is connected to; the second, of another network, is never asked for
    named = FixedResolver({"shop.example": [["127.0.0.1"], ["10.0.0.1"]]})
    allowed = FetchLimits(seconds=3, allowed=frozenset({f"shop.example:{port}"}))
    assert fetch(f"http://shop.example:{port}/page", limits=allowed, resolver=named).body == PAGE
    assert named.asked == ["shop.example"]
