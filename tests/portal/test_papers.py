"""Certificate and deed: for the right people, provable, identical when made again, and readable when copied out."""

import base64
import io
import re
import shutil
import subprocess
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pypdf import PdfReader

from customer.models import Brand, ChecklistItem, ChecklistTemplate, SignedRecord, Trace
from customer.services.visit import confirm_visit
from customer.storage import private_storage
from kernel import signing
from kernel.jalali import format_date
from kernel.refused import Refused
from kernel.verify_record import NotARecord, check_file, json_file, main, sealed_part
from portal import pades, papers
from portal.papers import draft_of, paper
from tests.factories.customer import make_buyer, make_model, make_staff
from tests.factories.papers import make_confirmed, make_executed, make_new_device, make_visit, visit_confirmation_of

pytestmark = pytest.mark.django_db(transaction=True)
RENDER_SECONDS = 2.0
STATEMENT = (
    "اینجانب گواهی می‌کنم که نصب و راه‌اندازی دستگاه با نرم‌افزار CEREC SW 5.2 در محل من انجام شده است و موارد زیر را خود "
    "دیده و پذیرفته‌ام؛ می‌دانم که با تأیید این فرم، دورهٔ خدمات از ۱ آذر ۱۴۰۵ آغاز می‌شود و این فرم بلافاصله نهایی است.\n"
    "اتصالات و لوازم (کامل) تحویل شد"
)


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "all"},
        }
    }


@pytest.fixture
def form():
    owner = make_buyer(first_name="نیلوفر", last_name="آل‌احمد لاریجانی")
    model = make_model(brand=Brand.objects.create(name="ماهان"), name="CEREC Primescan AC-2")
    device = make_new_device(owner, model=model, identifier="SN-0042/B")
    template = ChecklistTemplate.objects.create(device_model=model, statement=STATEMENT, all_done_label="همه انجام شد")
    ChecklistItem.objects.create(template=template, code="device_installed", label="نصب کامل دستگاه و driver آن")
    ChecklistItem.objects.create(template=template, code="training_done", label="انجام آموزش اولیه")
    return make_confirmed(device, notes={"training_done": "دو نفر از کارکنان؛ ۲ ساعت\nبا نرم‌افزار inLab 22"})


@pytest.fixture
def transfer():
    return make_executed().transfer


def text_of(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def plain(text: str) -> str:
    """As two texts are compared: pypdf turns numbers in Persian digits round, and breaks lines as the page does."""
    straight = re.sub(r"[۰-۹:٫]+", lambda number: number[0][::-1], text)
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", straight))


def words_in(text: str, data: bytes) -> bool:
    """Whether the text stands in the PDF, its words in their order."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)) in plain(text_of(data))


# --- what is on the paper ------------------------------------------------------------------------------------------


def test_certificate_carries_what_was_signed(form):
    data = paper(form.record)
    buyer, period = form.buyer, form.period
    expected = [
        "گواهی نصب و راه‌اندازی دستگاه",
        form.statement,
        f"{buyer.first_name} {buyer.last_name}",
        buyer.address,
        "CEREC Primescan AC-2",
        "SN-0042/B",
        *(item["label"] for item in form.items),
        form.all_done_label,
        format_date(form.installed_on),
        format_date(period.starts_on),
        format_date(period.ends_on),
        form.prepared_by.get_full_name() or form.prepared_by.username,
        form.record.sha256,
        signing.public_key(),
        papers.verify_url(form.record.code),
        "inLab 22",
        "صفحهٔ ۱ از",
    ]

    assert [text for text in expected if not words_in(text, data)] == []


def test_half_spaces_and_ligatures_come_out_letter_by_letter(form):
    text = text_of(paper(form.record))

    for word in ("راه\u200cاندازی", "آل\u200cاحمد", "لاریجانی", "اتصالات", "بلافاصله", "پیامک\u200cشده", "دورهٔ"):
        assert word in text
    assert not re.search("[\ufb50-\ufdff\ufe70-\ufefc]", text)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_another_reader_copies_the_same_out(form, tmp_path):
    (tmp_path / "paper.pdf").write_bytes(paper(form.record))
    ended = subprocess.run(["pdftotext", "paper.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True)
    said = re.sub("[\u202a-\u202e\u2066-\u2069\\s]+", "", ended.stdout)

    for text in (form.statement, form.buyer.full_name, form.all_done_label, format_date(form.period.ends_on)):
        assert re.sub(r"\s+", "", text) in said


def test_deed_carries_both_sides(transfer):
    data = paper(transfer.record)
    expected = [
        transfer.statement,
        transfer.owner.full_name,
        transfer.new_owner.full_name,
        transfer.device.identifier,
        transfer.get_reason_display(),
        transfer.record.sha256,
    ]

    assert [text for text in expected if not words_in(text, data)] == []


def test_certificate_names_what_was_confirmed_with_the_same_code():
    first, second = confirm_visit(**visit_confirmation_of(make_visit(count=2)))
    text = text_of(paper(first.record))
    assert words_in("تأیید هم‌زمان با", paper(first.record))
    assert second.device.identifier in text


def test_correction_names_what_it_replaces(form):
    from tests.factories.papers import confirm_sign_off, confirmation_of, make_sign_off

    newer = make_sign_off(form.device, supersedes_id=form.pk, correction_reason="تاریخ نصب اشتباه بود")
    data = paper(confirm_sign_off(**confirmation_of(newer)).record)

    assert words_in("تاریخ نصب اشتباه بود", data)
    assert words_in(papers.spaced(form.record.code), data)


def test_text_of_people_is_text_and_nothing_is_fetched(form):
    evil = '<img src="file:///etc/passwd"><script>x</script>'
    owner = make_buyer(last_name=evil)
    data = paper(make_confirmed(make_new_device(owner)).record)

    assert "<img" in text_of(data)


# --- provable ------------------------------------------------------------------------------------------------------


def test_paper_is_genuine_and_carries_its_record(form):
    data = paper(form.record)
    attached = PdfReader(io.BytesIO(data)).attachments["record.json"][0]

    assert check_file(data, signing.public_key()) == []
    assert check_file(attached, signing.public_key()) == []


def test_no_byte_of_a_paper_may_differ(form):
    data = paper(form.record)

    @hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(data) - 1), st.integers(1, 255))
    def flip(position, difference):
        changed = data[:position] + bytes([data[position] ^ difference]) + data[position + 1 :]
        try:
            found = check_file(changed, signing.public_key())
        except NotARecord:
            assert position < 5
        else:
            assert any(line.startswith("pdf: ") for line in found)

    flip()


def test_paper_made_again_is_identical(form):
    first = paper(form.record)
    private_storage().delete(draft_of(form.record).path)
    papers.typeface.cache_clear()

    assert paper(SignedRecord.objects.get(pk=form.record_id)) == first


def test_paper_is_kept_and_not_made_twice(form, monkeypatch):
    first = paper(form.record)
    monkeypatch.setattr(papers, "sealed", lambda _draft: pytest.fail("made twice"))

    assert paper(form.record) == first


def test_damaged_file_is_made_again(form, caplog):
    first, path = paper(form.record), draft_of(form.record).path
    private_storage().delete(path)
    papers._keep(path, first[:5000] + b"?" + first[5001:])

    assert paper(form.record) == first
    assert "papers.damaged" in caplog.text


def test_paper_after_a_change_of_keys_names_both(form, settings):
    earlier = signing.public_key()
    settings.SIGNING_KEY = base64.b64encode(b"n" * 32).decode()
    data = paper(form.record)

    assert check_file(data, earlier, signing.public_key()) == []
    assert check_file(data, earlier) != []


def test_paper_is_made_in_time(form):
    paper(form.record)
    private_storage().delete(draft_of(form.record).path)
    started = datetime.now(UTC)
    import time

    cpu = time.process_time()
    paper(form.record)
    assert time.process_time() - cpu < RENDER_SECONDS
    assert datetime.now(UTC) - started < timedelta(seconds=30)  # the machine may have other work


# --- when the engine is missing or fails ---------------------------------------------------------------------------


def test_missing_engine_says_what_to_install(form, client, monkeypatch):
    def missing():
        raise papers.engine_missing()

    monkeypatch.setattr(papers, "engine_version", missing)
    client.force_login(form.buyer.user)
    response = client.get(reverse("sign_off_certificate", args=[form.pk]))

    assert response.status_code == 503
    assert "libpango" in response.content.decode()
    assert client.get(reverse("sign_off_record", args=[form.pk])).status_code == 200


def test_failing_engine_is_logged_and_blocks_nothing(form, monkeypatch, caplog):
    def fail(_draft):
        raise RuntimeError("no more ink")

    monkeypatch.setattr(papers, "_set", fail)
    with pytest.raises(Refused, match="PDF") as refused:
        paper(form.record)

    assert refused.value.code == "paper.failed"
    assert "no more ink" in caplog.text
    assert make_confirmed().status == "confirmed"


# --- for whom ------------------------------------------------------------------------------------------------------

OF_FORM = ["sign_off_certificate", "sign_off_record"]
OF_TRANSFER = ["transfer_deed", "transfer_record"]


@pytest.mark.parametrize("name", OF_FORM)
def test_owner_gets_his_form_and_nobody_else(form, client, name):
    url = reverse(name, args=[form.pk])
    assert client.get(url).status_code == 302
    client.force_login(make_buyer().user)
    assert client.get(url).status_code == 404
    client.force_login(form.buyer.user)
    response = client.get(url)

    assert response.status_code == 200
    assert response["Content-Disposition"].startswith(f'attachment; filename="sign-off-{form.record.code}.')
    assert (response["X-Content-Type-Options"], "no-store" in response["Cache-Control"]) == ("nosniff", True)
    assert client.post(url).status_code == 405


@pytest.mark.parametrize("name", OF_FORM)
def test_form_that_is_not_confirmed_has_no_paper(client, name):
    from tests.factories.papers import make_sign_off

    waiting = make_sign_off()
    client.force_login(waiting.buyer.user)

    assert client.get(reverse(name, args=[waiting.pk])).status_code == 404


@pytest.mark.parametrize("name", OF_TRANSFER)
def test_both_sides_get_the_deed_and_nobody_else(transfer, client, name):
    url = reverse(name, args=[transfer.pk])
    for buyer, status in ((transfer.owner, 200), (transfer.new_owner, 200), (make_buyer(), 404)):
        client.force_login(buyer.user)
        assert client.get(url).status_code == status


def test_old_owner_loses_the_form_with_the_device(form, client):
    make_executed(form.device)
    client.force_login(form.buyer.user)

    assert client.get(reverse("sign_off_certificate", args=[form.pk])).status_code == 404


def test_staff_who_may_see_forms_get_them_and_leave_a_trace(form, client):
    person = make_staff(is_superuser=True, is_staff=True)
    client.force_login(person)

    assert client.get(reverse("sign_off_record", args=[form.pk])).status_code == 200
    assert Trace.objects.filter(verb="record.downloaded", subject=f"sign_off:{form.pk}", actor=person).exists()


# --- the organisation's own signature ------------------------------------------------------------------------------


def certificate_file(path, *, key=None, days=365, password=b"secret"):
    """A self-made certificate as PKCS #12."""
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "گروه زیگ")])
    now = timezone.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.KeyUsage(True, True, *[False] * 7), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"zig", key, made, None, BestAvailableEncryption(password)))
    return str(path)


@pytest.fixture(params=[None, ec.SECP256R1()], ids=["rsa", "ec"])
def organisation(request, settings, tmp_path):
    key = ec.generate_private_key(request.param) if request.param else None
    settings.PADES_PKCS12 = certificate_file(tmp_path / "zig.p12", key=key)
    settings.PADES_PASSWORD = "secret"


def test_organisation_signs_after_the_seal(form, organisation, tmp_path, capsys):
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    data = paper(form.record)
    [signature] = PdfFileReader(io.BytesIO(data)).embedded_signatures
    trusting = ValidationContext(trust_roots=[signature.signer_cert])
    with ThreadPoolExecutor(1) as thread:  # it runs an event loop, and a browser's may be running in this thread
        status = thread.submit(validate_pdf_signature, signature, trusting).result()
    seal = sealed_part(data, signing.public_key())
    (tmp_path / "paper.pdf").write_bytes(data)

    assert (status.intact, status.valid) == (True, True)
    assert check_file(data, signing.public_key()) == []
    assert len(data) > seal.end()
    assert main([str(tmp_path / "paper.pdf"), "--public-key", signing.public_key()]) == 0
    assert f"the first {seal.end()} bytes are sealed; a further signature" in capsys.readouterr().out


def chained_file(path, *, password=b"secret") -> bytes:
    """A certificate under a root, both in one PKCS #12 file, as an authority hands them out; returns the root's DER."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("مرکز ریشه", "گروه زیگ")]
    now, made = timezone.now(), []
    for number in range(2):
        is_root = number == 0
        usage = x509.KeyUsage(
            digital_signature=not is_root,
            content_commitment=not is_root,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=is_root,
            crl_sign=is_root,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[number])
            .issuer_name(names[0])
            .public_key(keys[number].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + timedelta(days=365))
            .add_extension(usage, critical=True)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        )
        made.append(builder.sign(keys[0], hashes.SHA256()))
    root, own = made
    sealed = BestAvailableEncryption(password)
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"zig", keys[1], own, [root], sealed))
    return root.public_bytes(Encoding.DER)


def judged(data: bytes, root: bytes):
    """What pyHanko says of the one signature, trusting this root alone."""
    from asn1crypto.x509 import Certificate
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    [signature] = PdfFileReader(io.BytesIO(data)).embedded_signatures
    trusting = ValidationContext(trust_roots=[Certificate.load(root)])
    with ThreadPoolExecutor(1) as thread:  # it runs an event loop, and a browser's may be running in this thread
        return thread.submit(validate_pdf_signature, signature, trusting).result()


def test_signature_is_trusted_through_the_chain_and_a_changed_byte_is_told(form, settings, tmp_path):
    root = chained_file(tmp_path / "chain.p12")
    settings.PADES_PKCS12, settings.PADES_PASSWORD = str(tmp_path / "chain.p12"), "secret"
    data = paper(form.record)
    status = judged(data, root)
    assert (status.intact, status.valid, status.trusted, status.bottom_line) == (True, True, True, True)
    assert status.coverage.name == "ENTIRE_FILE"
    assert check_file(data, signing.public_key()) == []

    strange = chained_file(tmp_path / "strange.p12")
    assert (judged(data, strange).valid, judged(data, strange).trusted) == (True, False)

    place = data.index(b"/Title")
    changed = data[:place] + b"/title" + data[place + 6 :]
    status = judged(changed, root)
    assert (status.intact, status.bottom_line) == (False, False)
    assert check_file(changed, signing.public_key()) != []


def test_sealed_part_is_the_same_under_every_signature(form, organisation):
    data = paper(form.record)
    private_storage().delete(draft_of(form.record).path)
    again = paper(form.record)
    end = sealed_part(data, signing.public_key()).end()

    assert data[:end] == again[:end]


def test_changes_after_the_seal_are_told(form, organisation):
    data = paper(form.record)
    end = sealed_part(data, signing.public_key()).end()
    cut, more = data[:-40], data + b"\n9 0 obj\n<<>>\nendobj\n"
    middle = data.index(b"/Annots", end)
    changed = data[:middle] + b"/annots" + data[middle + 7 :]

    for attempt in (cut, more, changed):
        [found] = check_file(attempt, signing.public_key())
        assert found.startswith(f"pdf: the first {end} bytes are genuine; ")


def test_signature_of_another_certificate_is_not_taken(form, organisation, settings, tmp_path):
    data = paper(form.record)
    end = sealed_part(data, signing.public_key()).end()
    settings.PADES_PKCS12 = certificate_file(tmp_path / "other.p12")
    forged = pades.countersigned(data[:end])

    assert check_file(forged, signing.public_key()) == [
        (
            f"pdf: the first {end} bytes are genuine; the further signature after the seal is not genuine: "
            "it is not by the certificate that the sealed part names"
        )
    ]


def test_certificate_that_cannot_sign_is_told(settings, tmp_path):
    settings.PADES_PASSWORD = "secret"
    settings.PADES_PKCS12 = certificate_file(tmp_path / "old.p12", days=-1)
    with pytest.raises(ImproperlyConfigured, match="valid from"):
        pades.check(now=timezone.now())
    settings.PADES_PASSWORD = "wrong"
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        pades.check(now=timezone.now())


def test_record_handed_out_is_what_is_attached(form):
    attached = PdfReader(io.BytesIO(paper(form.record))).attachments["record.json"][0]

    assert attached == json_file(papers.exported(form.record))
