from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from assistant.photos import MAX_BYTES

Session = tuple[httpx.Client, str]


def photo(colour: str = "red", kind: str = "JPEG", exif: bool = False) -> bytes:
    picture = Image.new("RGB", (64, 48), colour)
    written = io.BytesIO()
    more: dict[str, Any] = {}
    if exif:
        tags = Image.Exif()
        tags[0x010F] = "SecretCamera"
        tags[0x0112] = 6
        more["exif"] = tags
    picture.save(written, kind, **more)
    return written.getvalue()


def signed_in(url: str, customer: str) -> Session:
    http = httpx.Client(base_url=url, timeout=10, trust_env=False)
    token = http.post("/demo/sign-in", json={"customer_id": customer}).json()["token"]
    http.headers["Authorization"] = f"Bearer {token}"
    return http, http.post("/v1/conversations", json={}).json()["id"]


@pytest.fixture
def c18(url: str) -> Iterator[Session]:
    http, talk = signed_in(url, "c18")
    yield http, talk
    http.close()


@pytest.fixture
def desk(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as browser:
        browser.post("/desk/sign-in", json={"name": "小林"})
        yield browser


def send(session: Session, content: bytes, client_id: str, name: str = "photo.jpg", **fields: str) -> httpx.Response:
    http, talk = session
    return http.post(
        f"/v1/conversations/{talk}/files", files={"file": (name, content)}, data={"client_id": client_id, **fields}
    )


def resend(session: Session) -> dict[str, Any]:
    return next(t for t in session[0].get("/v1/tickets").json() if t["kind_label"] == "补发")


def test_a_customer_sees_their_own_cases_with_what_comes_next(c18: Session, url: str) -> None:
    ticket = resend(c18)
    assert ticket["party"]
    assert ticket["next_step"]
    assert ticket["by_when"]
    assert {"withdraw", "ask_platform"} <= set(ticket["can"])
    assert len(ticket["missing"]) == 3
    guest = httpx.post(f"{url}/v1/guests", trust_env=False).json()["token"]
    refused = c18[0].get("/v1/tickets", headers={"Authorization": f"Bearer {guest}"})
    assert refused.status_code == 401


def test_a_photo_is_shown_without_its_metadata_and_to_nobody_else(c18: Session, desk: httpx.Client, url: str) -> None:
    content = photo(exif=True)
    assert b"SecretCamera" in content
    kept = send(c18, content, "f1", "C:\\照片\\外箱.jpg", ticket_id=resend(c18)["ticket_id"])
    assert kept.status_code == 201
    assert kept.json()["name"] == "外箱.jpg"
    path = f"/v1/files/{kept.json()['file_id']}"
    shown = c18[0].get(path)
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert b"SecretCamera" not in shown.content
    assert Image.open(io.BytesIO(shown.content)).size == (48, 64), "upright as the camera meant it"
    other, _ = signed_in(url, "c19")
    assert other.get(path).status_code == 404
    other.close()
    assert desk.get(f"/v1/desk{path[3:]}", params={"original": "true"}).content == content
    kinds = [entry["kind"] for entry in c18[0].get(f"/v1/conversations/{c18[1]}").json()["entries"]]
    assert kinds == ["attached", "said"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<script>alert(1)</script>", "photo.jpg"),
        (b"MZ\x90\x00", "photo.png"),
        (b"", "empty.jpg"),
        (b"\xff\xd8\xff\xe0 not a photo", "broken.jpg"),
        (photo()[:200], "cut.jpg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg"),
    ],
)
def test_what_is_no_photo_or_pdf_is_refused_whatever_it_is_called(c18: Session, content: bytes, name: str) -> None:
    refused = send(c18, content, "f2", name)
    assert refused.status_code == 422
    assert refused.json()["code"] == "file_refused"


def test_a_bomb_and_a_giant_are_turned_away(c18: Session) -> None:
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < MAX_BYTES
    assert send(c18, bomb.getvalue(), "f3").status_code == 422
    assert send(c18, b"\xff\xd8\xff" + b"x" * MAX_BYTES, "f4").status_code == 422
    assert send(c18, b"x" * (MAX_BYTES + 100_000), "f5").status_code == 413


def test_a_pdf_is_kept_as_it_is_and_only_ever_downloaded(c18: Session) -> None:
    kept = send(c18, b"%PDF-1.7 text", "p1", "报告.pdf").json()
    answer = c18[0].get(f"/v1/files/{kept['file_id']}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.content == b"%PDF-1.7 text"


def test_a_guest_sends_no_files(c18: Session, url: str) -> None:
    guest = httpx.Client(base_url=url, trust_env=False)
    guest.headers["Authorization"] = f"Bearer {guest.post('/v1/guests').json()['token']}"
    talk = guest.post("/v1/conversations", json={}).json()["id"]
    assert send((guest, talk), photo(), "f1").status_code == 401
    assert send((guest, c18[1]), photo(), "f1").status_code in {401, 404}
    guest.close()


def test_the_desk_acts_and_is_told_what_is_allowed(c18: Session, desk: httpx.Client) -> None:
    number = resend(c18)["ticket_id"]
    assert number in [row["ticket_id"] for row in desk.get("/v1/desk/tickets").json()]
    whole = desk.get(f"/v1/desk/tickets/{number}").json()
    assert {"event": "resend", "needs": []} in whole["moves"]
    assert whole["seller_evidence"]
    refused = desk.post(f"/v1/desk/tickets/{number}/events", json={"event": "receive_return"})
    assert (refused.status_code, refused.json()["code"]) == (409, "move_refused")
    assert "resend" in refused.json()["fields"]
    bare = desk.post(f"/v1/desk/tickets/{number}/events", json={"event": "reject"})
    assert bare.status_code == 409
    taken = desk.post(f"/v1/desk/tickets/{number}/events", json={"event": "take"}).json()
    assert taken["row"]["owner"] == "agent:小林"


def test_legal_sees_no_case_and_no_file_that_does_not_need_legal(c18: Session, url: str) -> None:
    number = resend(c18)["ticket_id"]
    kept = send(c18, photo("blue"), "l1", ticket_id=number).json()
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as legal:
        assert legal.post("/desk/sign-in", json={"name": "法务小陈", "role": "legal"}).status_code == 200
        assert legal.get("/v1/desk/tickets").json() == []
        paths = (f"tickets/{number}", f"tickets/{number}/dispute-pack", f"files/{kept['file_id']}")
        assert [legal.get(f"/v1/desk/{path}").status_code for path in paths] == [404, 404, 404]
        moved = legal.post(f"/v1/desk/tickets/{number}/events", json={"event": "take"})
        assert moved.status_code == 403


def test_a_customer_asks_the_platform_in_and_confirms_it(c18: Session) -> None:
    number = resend(c18)["ticket_id"]
    http, talk = c18
    path = f"/v1/conversations/{talk}/tickets/{number}"
    asked = http.post(path, json={"client_id": "t1", "event": "ask_platform"})
    assert asked.status_code == 202
    assert (
        http.post(path, json={"client_id": "t1", "event": "ask_platform"}).json()["proposal_id"]
        == asked.json()["proposal_id"]
    )
    yes = http.post(
        f"/v1/conversations/{talk}/proposals/{asked.json()['proposal_id']}", json={"client_id": "y1", "answer": "yes"}
    )
    assert yes.status_code == 202
    assert resend(c18)["state_label"] == "平台处理中"
    assert http.post(path, json={"client_id": "t2", "event": "explode"}).status_code == 422
    assert http.post(path, json={"client_id": "t3", "event": "reopen"}).status_code == 409


def test_a_judged_case_is_appealed_against_with_grounds(url: str) -> None:
    http, talk = signed_in(url, "c20")
    judged = next(t for t in http.get("/v1/tickets").json() if "appeal" in t["can"])
    path = f"/v1/conversations/{talk}/tickets/{judged['ticket_id']}"
    without = http.post(path, json={"client_id": "a1", "event": "appeal"})
    assert (without.status_code, "why" in without.text) == (422, True)
    asked = http.post(path, json={"client_id": "a2", "event": "appeal", "why": "检测报告证明是质量问题"})
    assert asked.status_code == 202
    proposal = f"/v1/conversations/{talk}/proposals/{asked.json()['proposal_id']}"
    assert http.post(proposal, json={"client_id": "y", "answer": "yes"}).status_code == 202
    after = next(t for t in http.get("/v1/tickets").json() if t["ticket_id"] == judged["ticket_id"])
    assert after["state_label"] == "申诉中"
    assert "appeal" not in after["can"]
    http.close()


def test_a_dispute_pack_holds_everything_with_hashes_and_is_the_same_each_time(
    c18: Session, desk: httpx.Client
) -> None:
    number = resend(c18)["ticket_id"]
    send(c18, photo("green"), "g1", ticket_id=number)
    one = desk.get(f"/v1/desk/tickets/{number}/dispute-pack")
    assert one.headers["content-type"] == "application/zip"
    assert one.content == desk.get(f"/v1/desk/tickets/{number}/dispute-pack").content
    with zipfile.ZipFile(io.BytesIO(one.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert set(manifest["files"]) == set(archive.namelist()) - {"manifest.json"}
        for name, digest in manifest["files"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
        originals = [name for name in archive.namelist() if name.startswith("files/")]
        assert photo("green") in [archive.read(name) for name in originals]
        messages = json.loads(archive.read("messages.json"))
        assert {"attached", "said"} <= {message["kind"] for message in messages}
        assert not {"understood", "decided", "retrieved"} & {message["kind"] for message in messages}
        assert "<script" not in archive.read("index.html").decode()
        assert json.loads(archive.read("timeline.json"))
    assert c18[0].get(f"/v1/desk/tickets/{number}/dispute-pack").status_code in {401, 403}
