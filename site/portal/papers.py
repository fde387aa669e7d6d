"""Papers with weight: the certificate of a sign-off, the deed of a transfer, as sealed and (if set up) signed PDF.

A paper is made from its signed record alone and can be made again at any time: the same record, letterhead and typeface
give the same bytes. It is kept in the private storage under the SHA-256 of all that decides its bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

import segno
from django.conf import settings
from django.core.files.base import ContentFile
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import override

from cms.models import PortalSettings
from customer.models import SignedRecord
from customer.services.record import exported
from customer.storage import private_storage
from kernel import signing
from kernel.jalali import format_date, tehran_date
from kernel.refused import Refused
from kernel.verify_record import ATTACHMENT, blocks_line, check_file, json_file, seal_line
from portal import pades
from portal.context import current_brand
from portal.paper_facts import (
    apart,
    device_facts,
    installation_facts,
    party_facts,
    spaced,
    ticks,
    transfer_facts,
)
from portal.paper_font import for_paper
from portal.paper_notice import notice_context

logger = logging.getLogger(__name__)

ENGINE_PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
FACES = {"Regular": 400, "SemiBold": 600}
TEMPLATES = {
    SignedRecord.Kind.SIGN_OFF: "papers/certificate.html",
    SignedRecord.Kind.TRANSFER: "papers/deed.html",
    SignedRecord.Kind.NOTICE: "papers/notice.html",
}
# The layout engine's shared state (font maps) does not bear two threads at once.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that decides the bytes of a paper. `record` is the file that is attached."""

    html: str
    record: str
    made_at: str
    signer: str
    engine: str
    key_id: str

    @property
    def sha256(self) -> str:
        """The address of the paper: another one as soon as anything in it differs."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def path(self) -> str:
        return f"papers/{self.sha256[:2]}/{self.sha256}.pdf"


def paper(record: SignedRecord) -> bytes:
    """The PDF of a record, from the storage or made now. Raises Refused `paper.engine_missing`, `paper.failed`."""
    storage = private_storage()
    draft = draft_of(record)
    if storage.exists(draft.path):
        with storage.open(draft.path) as kept:
            data: bytes = kept.read()
        if not check_file(data, *public_keys(record)):
            return data
        logger.error("papers.damaged path=%s", draft.path)
        storage.delete(draft.path)
    data = pades.countersigned(sealed(draft))
    _keep(draft.path, data)
    return data


def public_keys(record: SignedRecord) -> list[str]:
    """The keys that a paper of this record is checked with: its own, and the one that seals today."""
    return sorted({record.key.public_key, signing.public_key()})


def draft_of(record: SignedRecord) -> Draft:
    """The paper before it is set: its page, its attachment and its date."""
    with override("fa"):
        context = context_of(record)
        html = render_to_string(TEMPLATES[SignedRecord.Kind(record.kind)], context)
    return Draft(
        html=html,
        record=json_file(exported(record)).decode(),
        made_at=context["made_at"],
        signer=pades.signer(),
        engine=engine_version(),
        key_id=signing.key_id(),
    )


def context_of(record: SignedRecord) -> dict[str, Any]:
    """What the template needs, from the signed content."""
    content = exported(record)["content"]
    context: dict[str, Any] = {
        "brand": current_brand(),
        "logo": logo(),
        "record": record,
        "code": spaced(record.code),
        "file_name": file_name(record, "pdf"),
        "made_at": record.signed_at.astimezone(UTC).isoformat(timespec="seconds"),
        "signed_on": format_date(tehran_date(record.signed_at)),
        "public_keys": public_keys(record),
        "verify_url": verify_url(record.code),
        "qr": qr(verify_url(record.code)),
    }
    if record.kind == SignedRecord.Kind.NOTICE:
        return context | {"title": _("Proof of notice")} | notice_context(content)
    context["device"] = device_facts(content["device"])
    if record.kind == SignedRecord.Kind.TRANSFER:
        return context | {
            "title": _("Deed of transfer"),
            "text": apart(content["statement"]),
            "former": party_facts(content["from"]),
            "new": party_facts(content["to"]),
            "steps": transfer_facts(content),
        }
    return context | {
        "title": _("Certificate of installation"),
        "text": apart(content["text"]),
        "buyer": party_facts(content["buyer"]),
        "ticks": ticks(content),
        "all_done": apart(content["all_done"]["label"]),
        "steps": installation_facts(content),
    }


def file_name(record: SignedRecord, ending: str) -> str:
    """The name under which a paper or its record is handed out."""
    return f"{record.kind.replace('_', '-')}-{record.code}.{ending}"


def verify_url(code: str) -> str:
    """Where anybody can check a record's code."""
    return f"{settings.PUBLIC_URL}{reverse('verify', args=[code])}"


def qr(text: str) -> SafeString:
    """A QR code as inline SVG."""
    return SafeString(segno.make(text, error="m").svg_inline(border=0, dark="#14212b", omitsize=True))


def logo() -> str:
    """The company's logo as a data URI; empty without one."""
    image = PortalSettings.load().logo
    if image is None:
        return ""
    rendition = image.get_rendition("max-640x192|format-png")
    with rendition.file.open() as file:
        return f"data:image/png;base64,{base64.b64encode(file.read()).decode()}"


@cache
def typeface() -> str:
    """The style sheet that brings the typeface, whole."""
    faces = [
        f"@font-face {{ font-family: Estedad; font-weight: {number};"
        f" src: url(data:font/ttf;base64,{base64.b64encode(for_paper(weight)).decode()}) }}"
        for weight, number in FACES.items()
    ]
    return "\n".join(faces)


@cache
def engine_version() -> str:
    """The programs that set a page. Raises Refused `paper.engine_missing`."""
    try:
        from weasyprint.text.ffi import pango
    except OSError as error:
        raise engine_missing() from error
    typeface_sha256 = hashlib.sha256(typeface().encode()).hexdigest()
    names = ("weasyprint", "pydyf")
    return " ".join([*(f"{name} {version(name)}" for name in names), f"pango {pango.pango_version()}", typeface_sha256])


def engine_missing() -> Refused:
    """What is said when the machine lacks the libraries that set a page."""
    message = _("This server cannot make PDFs yet. Its operator must install: %(packages)s")
    return Refused("paper.engine_missing", message % {"packages": ENGINE_PACKAGES}, status=503)


def sealed(draft: Draft) -> bytes:
    """The paper with its record attached and its seal at the end. Raises Refused `paper.failed`."""
    try:
        data = _set(draft)
    except Exception as error:  # whatever the engine fell over: the paper can be asked for again
        logger.exception("papers.failed path=%s", draft.path)
        message = _("The PDF could not be made. The signed record itself is safe and can be downloaded.")
        raise Refused("paper.failed", message, status=503) from error
    data += blocks_line(data, draft.signer)
    return data + seal_line(draft.key_id, signing.sign(data))


def _set(draft: Draft) -> bytes:
    from weasyprint import CSS, HTML, Attachment
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    moment = datetime.fromisoformat(draft.made_at)
    attachment = Attachment(string=draft.record, name=ATTACHMENT, created=moment, modified=moment, relationship="Data")
    fetcher = URLFetcher(allowed_protocols=("data",))
    with _one_at_a_time:
        config = FontConfiguration()
        faces = CSS(string=typeface(), font_config=config, url_fetcher=fetcher)
        data: bytes = HTML(string=draft.html, url_fetcher=fetcher).write_pdf(
            stylesheets=[faces],
            font_config=config,
            attachments=[attachment],
            pdf_identifier=bytes.fromhex(draft.sha256[:32]),
        )
    return data


def set_page(html: str) -> bytes:
    """A page as plain PDF, with neither record nor seal: what anybody may say happened, not a proof."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fetcher = URLFetcher(allowed_protocols=("data",))
    with _one_at_a_time:
        config = FontConfiguration()
        faces = CSS(string=typeface(), font_config=config, url_fetcher=fetcher)
        data: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf(stylesheets=[faces], font_config=config)
    return data


def _keep(path: str, data: bytes) -> None:
    """Two requests may make the same paper at once: the first one stays."""
    storage = private_storage()
    name = storage.save(path, ContentFile(data))
    if name != path:
        storage.delete(name)
