"""The organisation's own signature on a paper (PAdES), when a certificate is set up: PADES_PKCS12, PADES_PASSWORD."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509 import Certificate
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def signer() -> str:
    """The SHA-256 of the organisation's certificate; empty when none is set up. Raises ImproperlyConfigured."""
    return _fingerprint(settings.PADES_PKCS12, settings.PADES_PASSWORD) if settings.PADES_PKCS12 else ""


def countersigned(pdf: bytes) -> bytes:
    """The sealed PDF with the organisation's signature after its seal; the same bytes when none is set up."""
    if not settings.PADES_PKCS12:
        return pdf
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf
    from pyhanko.sign.fields import SigSeedSubFilter

    who = SimpleSigner.load_pkcs12(settings.PADES_PKCS12, passphrase=settings.PADES_PASSWORD.encode())
    if who is None:
        raise ImproperlyConfigured("PADES_PKCS12 does not open with PADES_PASSWORD")
    about = PdfSignatureMetadata(field_name="Issuer", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    # pyHanko runs an event loop of its own: in a thread of its own, where no other loop can be running.
    with ThreadPoolExecutor(max_workers=1) as thread:
        written = thread.submit(sign_pdf, IncrementalPdfFileWriter(BytesIO(pdf)), about, signer=who).result()
    data: bytes = written.getvalue()
    return data


def check(*, now: datetime) -> None:
    """Raises ImproperlyConfigured when a certificate is set up that cannot sign at this moment."""
    if not settings.PADES_PKCS12:
        return
    found = certificate(settings.PADES_PKCS12, settings.PADES_PASSWORD)
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise ImproperlyConfigured(f"it is valid from {found.not_valid_before_utc} to {found.not_valid_after_utc}")


@lru_cache(maxsize=2)
def _fingerprint(path: str, password: str) -> str:
    return hashlib.sha256(certificate(path, password).public_bytes(Encoding.DER)).hexdigest()


def certificate(path: str, password: str) -> Certificate:
    """The certificate in a PKCS #12 file. Raises ImproperlyConfigured."""
    try:
        key, found, _others = pkcs12.load_key_and_certificates(Path(path).read_bytes(), password.encode() or None)
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"PADES_PKCS12 cannot be read: {error}") from error
    if key is None or found is None:
        raise ImproperlyConfigured("PADES_PKCS12 holds no key with its certificate")
    return found
