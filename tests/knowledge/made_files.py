"""Small files of every kind that a shop may hand in, made here byte by byte, honest and hostile ones."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from docx import Document

_TYPES = "http://schemas.openxmlformats.org"
_SHEET = f"{_TYPES}/spreadsheetml/2006/main"
_HIDDEN = ' state="hidden"'
_OFFICE = f"{_TYPES}/officeDocument/2006/relationships"


def pdf(pages: Sequence[str], *, title: str = "", reuse: int = 1) -> bytes:
    """A PDF whose pages hold these lines; `reuse` lists each page that many times."""
    used = sorted({c for page in pages for c in page if c != "\n"})
    rows = "\n".join(f"<{ord(c):04X}> <{ord(c):04X}>" for c in used)
    cmap = (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n1 begincodespacerange\n<0000> <FFFF>\n"
        f"endcodespacerange\n{len(used)} beginbfchar\n{rows}\nendbfchar\nendcmap\nend\nend"
    ).encode()
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /F /Encoding /Identity-H /DescendantFonts [4 0 R]"
        b" /ToUnicode 5 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /F /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity)"
        b" /Supplement 0 >> /DW 1000 >>",
        _stream(cmap),
        f"<< /Title <feff{title.encode('utf-16-be').hex()}> >>".encode(),
    ]
    kids: list[str] = []
    for page in pages:
        lines = "".join(f"<{line.encode('utf-16-be').hex()}> Tj 0 -16 Td\n" for line in page.split("\n"))
        objects.append(_stream(f"BT /F1 12 Tf 60 780 Td\n{lines}ET".encode()))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        kids += [f"{len(objects)} 0 R"] * reuse
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return assembled(objects)


def assembled(objects: Sequence[bytes]) -> bytes:
    """Numbered objects as a PDF file with its cross-reference table; the sixth is the document's information."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    info = b" /Info 6 0 R" if len(objects) > 5 else b""
    out.write(b"trailer << /Size %d /Root 1 0 R%b >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, info, start))
    return out.getvalue()


def pdf_bomb(size: int = 400 * 1024 * 1024) -> bytes:
    """A page whose content unpacks to `size` bytes, packed twice."""
    packer = zlib.compressobj(9)
    once = b"".join([*(packer.compress(b" " * 1024 * 1024) for _ in range(size >> 20)), packer.flush()])
    twice = zlib.compress(once, 9)
    content = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%b\nendstream" % (len(twice), twice)
    return assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
            content,
        ]
    )


def locked_pdf(password: str = "secret") -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["退货须知"]))))
    writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _stream(body: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(body), body)


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return out.getvalue()


def repacked(data: bytes, changed: Mapping[str, bytes | str]) -> bytes:
    """A zip archive with some of its parts changed or added."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**parts, **changed})


def xlsx(sheets: Mapping[str, Sequence[Sequence[object]]], *, hidden: Sequence[str] = ()) -> bytes:
    """A workbook written by hand: text as inline strings, numbers as numbers."""
    names = list(sheets)
    tabs = "".join(
        f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"{_HIDDEN if name in hidden else ""}/>'
        for i, name in enumerate(names, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(names) + 1)
    )
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for i in range(1, len(names) + 1)
    )
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        f'"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_TYPES}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>{tabs}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_TYPES}/package/2006/relationships">{links}'
        "</Relationships>",
    }
    for i, name in enumerate(names, 1):
        parts[f"xl/worksheets/sheet{i}.xml"] = _worksheet(sheets[name])
    return zipped(parts)


def _worksheet(rows: Sequence[Sequence[object]]) -> str:
    lines = []
    for number, row in enumerate(rows, 1):
        cells = "".join(_cell(f"{chr(65 + i)}{number}", value) for i, value in enumerate(row) if value is not None)
        lines.append(f'<row r="{number}">{cells}</row>')
    return f'<worksheet xmlns="{_SHEET}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(name: str, value: object) -> str:
    if isinstance(value, int | float):
        return f'<c r="{name}"><v>{value}</v></c>'
    return f'<c r="{name}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def docx(*, hidden: bool = False) -> bytes:
    """Headings, paragraphs, a list and a table; with `hidden`, text that a reader does not see."""
    from docx.shared import RGBColor

    document = Document()
    document.core_properties.title = "售后说明"
    document.add_heading("售后说明", 1)
    document.add_heading("退货运费", 2)
    document.add_paragraph("质量问题的退货运费由本店承担。")
    document.add_paragraph("寄回前请联系客服登记。", style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "品类", "退货天数"
    for name, days in [("服装", "7 天"), ("家电", "15 天")]:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = name, days
    if hidden:
        paragraph = document.add_paragraph("看得见。")
        paragraph.add_run("看不见的咒语甲").font.hidden = True
        paragraph.add_run("看不见的咒语乙").font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def certificate(folder: Path, host: str) -> Path:
    """A key and the certificate it signed for `host` itself, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return path
