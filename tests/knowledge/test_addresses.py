"""Addresses that would lead into a private network are refused, however they are written."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.addresses import is_public, parse_address
from knowledge.errors import DocumentError
from knowledge.fetching import FetchLimits, FixedResolver, checked

# What a careless resolver would make of these names. A name that is not here is not known at all.
RESOLVER = FixedResolver(
    {
        "localhost": [["127.0.0.1"]],
        "localhost.localdomain": [["127.0.0.1"]],
        "local.example": [["127.0.0.1"]],
        "ten.example": [["10.1.2.3"]],
        "mixed.example": [["93.184.216.34", "192.168.1.1"]],
        "mapped.example": [["::ffff:127.0.0.1"]],
        "six.example": [["::1"]],
        "nat64.example": [["64:ff9b::7f00:1"]],
        "zone.example": [["fe80::1%eth0"]],
        "garbage.example": [["not an address"]],
        "empty.example": [[]],
        "metadata.example": [["169.254.169.254"]],
        "127.0.0.1.example": [["127.0.0.1"]],
        "xn--bcher-kva.example": [["10.0.0.1"]],
        "public.example": [["93.184.216.34"]],
        "public6.example": [["2606:2800:220:1:248:1893:25c8:1946"]],
    }
)

REFUSED = [
    # plain private, loopback, link-local, shared, multicast, reserved, broadcast, documentation, this network
    *("http://127.0.0.1/", "http://127.1.2.3/", "http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/"),
    *("http://192.168.0.1/", "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/", "http://224.0.0.1/"),
    *("http://240.0.0.1/", "http://255.255.255.255/", "http://0.0.0.0/", "http://192.0.2.1/", "http://198.18.0.1/"),
    *("http://203.0.113.9/", "http://192.88.99.1/", "http://192.0.0.170/"),
    # numbers in disguise: decimal, octal, hexadecimal, short, mixed, too many parts, overflowing
    *("http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/"),
    *("http://127.1/", "http://127.0.1/", "http://0/", "http://0x7f.1/", "http://00127.0.0.1/", "http://127.0.0.1.1/"),
    *("http://256.256.256.256/", "http://4294967297/", "http://0x/", "http://127.0.0.0x1/", "http://1.0x7f/"),
    # full-width and circled digits, other dots, trailing dots
    *(
        "http://１２７.０.０.１/",
        "http://①②⑦.⓪.⓪.①/",
        "http://127。0。0。1/",
        "http://127．0．0．1/",
        "http://127｡0｡0｡1/",
    ),
    *("http://127.0.0.1./", "http://localhost./", "http://ｌｏｃａｌｈｏｓｔ/", "http://LOCALHOST/"),
    # IPv6: loopback, unspecified, mapped, compatible, NAT64, 6to4, Teredo, unique local, link-local, site-local, zones
    *(
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
    ),
    *("http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/", "http://[2001:0:0:1::1]/"),
    *("http://[fc00::1]/", "http://[fd12::1]/", "http://[fe80::1]/", "http://[fec0::1]/", "http://[ff02::1]/"),
    *("http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[2001:db8::1]/", "http://[::ffff:0:7f00:1]/"),
    *("http://[0:0:0:0:0:0:0:1]/", "http://[::1", "http://[127.0.0.1]/", "http://[100::1]/"),
    # user names, back slashes, spaces, control characters, hidden hosts
    *("http://public.example@127.0.0.1/", "http://127.0.0.1@public.example/", "http://a:b@public.example/"),
    *("http://public.example\\@127.0.0.1/", "http://127.0.0.1\\.public.example/", "http://public.example /"),
    *("http://public.example\t/", "http://public.example\r\nHost: x/", "http://%31%32%37.0.0.1/", "http://a%00b/"),
    *(
        "http://public.example\u200b/",
        "http://-a.example/",
        "http:///etc/passwd",
        "http://",
        "http://?x",
        "//127.0.0.1/",
    ),
    # other schemes
    *("file:///etc/passwd", "ftp://public.example/", "gopher://127.0.0.1:70/", "dict://127.0.0.1/", "data:text/html,x"),
    *("javascript:alert(1)", "jar:http://public.example!/", "http:public.example", "public.example", "unix:///x"),
    # ports
    *(
        "http://public.example:22/",
        "http://public.example:0/",
        "http://public.example:99999/",
        "http://public.example:/",
    ),
    *("http://public.example:80:80/", "https://public.example:8443/", "http://public.example:6379/", "http://a:b/"),
    # names that resolve to what is not public, wholly or in part
    *("http://localhost/", "http://local.example/", "http://ten.example/", "http://mixed.example/"),
    *("http://mapped.example/", "http://six.example/", "http://nat64.example/", "http://zone.example/"),
    *("http://garbage.example/", "http://empty.example/", "http://metadata.example/", "http://127.0.0.1.example/"),
    *("http://bücher.example/", "http://unknown.example/", "http://localhost.localdomain/"),
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_may_lead_inside_is_refused(url: str) -> None:
    with pytest.raises(DocumentError):
        checked(parse_address(url), FetchLimits(), RESOLVER)


def test_there_are_more_than_sixty_forms() -> None:
    assert len(set(REFUSED)) == len(REFUSED) >= 60


@pytest.mark.parametrize(
    ("url", "ip", "text"),
    [
        ("http://public.example", "93.184.216.34", "http://public.example/"),
        ("HTTPS://Public.Example.:443/a?b=c#d", "93.184.216.34", "https://public.example/a?b=c"),
        ("http://public6.example/", "2606:2800:220:1:248:1893:25c8:1946", "http://public6.example/"),
        ("http://public.example/帮助?问=运费", "93.184.216.34", "http://public.example/%E5%B8%AE%E5%8A%A9?%E9%97%AE=%E8%BF%90%E8%B4%B9"),
        ("http://93.184.216.34/", "93.184.216.34", "http://93.184.216.34/"),
        ("http://[2606:2800:220:1:248:1893:25c8:1946]/", "2606:2800:220:1:248:1893:25c8:1946",
         "http://[2606:2800:220:1:248:1893:25c8:1946]/"),
    ],
)  # fmt: skip
def test_a_public_address_is_read(url: str, ip: str, text: str) -> None:
    address = parse_address(url)
    assert (checked(address, FetchLimits(), RESOLVER), address.text) == (ip, text)


def test_a_host_of_the_own_network_is_read_only_when_it_is_named_with_its_port() -> None:
    address = parse_address("http://ten.example:8080/")
    assert checked(address, FetchLimits(allowed=frozenset({"ten.example:8080"})), RESOLVER) == "10.1.2.3"
    for allowed in ({"ten.example"}, {"other.example:8080"}, {"ten.example:8081"}, {"example:8080"}):
        with pytest.raises(DocumentError):
            checked(address, FetchLimits(allowed=frozenset(allowed)), RESOLVER)
    assert checked(parse_address("https://ten.example/"), FetchLimits(allowed=frozenset({"ten.example"})), RESOLVER)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_every_way_to_write_a_private_number_is_refused(number: int) -> None:
    plain = ip_address(number)
    forms = [str(number), hex(number), oct(number).replace("o", ""), f"{number >> 24}.{number & 0xFFFFFF}"]
    for form in forms:
        with pytest.raises(DocumentError):
            parse_address(f"http://{form}/")
    wrapped = [f"::ffff:{plain}", f"64:ff9b::{plain}", f"::{plain}", f"2002:{number >> 16:x}:{number & 0xFFFF:x}::"]
    assert not any(is_public(ip_address(each)) for each in wrapped)


@given(st.text(max_size=60))
@settings(max_examples=100)
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}/x"):
        with suppress(DocumentError):
            assert parse_address(parse_address(url).text).text == parse_address(url).text
