"""The bank's payment page, shared by every gateway.

A plain form whose submit buttons are named `result` with the values `paid` and `cancelled`. A second form, `unseen`,
pays and leaves the browser where it is, as if it had been closed. Card numbers and references are invented.
"""

import hashlib
import http.client
import ipaddress
import logging
import threading
from urllib.parse import urlencode, urlsplit, urlunsplit

from .markup import Html, html, page, toman
from .state import Payment
from .wire import Reply, page_reply

BEHAVIOURS = frozenset({"lost_callback", "duplicate_callback"})
CALLBACK_TIMEOUT_SECONDS = 10

logger = logging.getLogger(__name__)


def settle(payment: Payment, *, paid: bool, moment: float) -> None:
    """The payer's decision. Only the first one counts: a double click or the back button changes nothing."""
    if payment.status != "created":
        return
    if not paid:
        payment.status = "cancelled"
        return
    payment.status, payment.paid_at = "paid", moment
    payment.card_pan = "502229******5995"
    payment.card_hash = hashlib.sha256(f"{payment.merchant_id}:{payment.card_pan}".encode()).hexdigest().upper()


def with_query(url: str, added: dict[str, str]) -> str:
    """The address with fields added behind its own query."""
    parts = urlsplit(url)
    query = "&".join(piece for piece in (parts.query, urlencode(added)) if piece)
    return urlunsplit(parts._replace(query=query))


def visit_in_background(url: str) -> None:
    """GETs the callback once by itself, beside the browser; only on this machine."""
    if is_loopback(url):
        threading.Thread(target=_visit, args=(url,), daemon=True, name="duplicate-callback").start()


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _visit(url: str) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=CALLBACK_TIMEOUT_SECONDS)
    try:
        connection.request("GET", urlunsplit(("", "", parts.path or "/", parts.query, "")))
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        logger.warning("The second callback was not answered: %s", type(error).__name__)
    finally:
        connection.close()


_HEAD = """<header class="bank-head">
<p class="badge">درگاه آزمایشی</p>
<h1>پرداخت اینترنتی</h1>
<p class="muted">این صفحه به جای بانک است. پولی جابه‌جا نمی‌شود و هیچ کارتی لازم نیست.</p>
</header>"""

_FORM = """<main class="bank card">
$header
<p class="bank-amount"><span class="muted">مبلغ قابل پرداخت</span><strong>$amount</strong></p>
<dl class="facts">
<div><dt>پذیرنده</dt><dd><bdi class="code">$merchant</bdi></dd></div>
<div><dt>بابت</dt><dd>$description</dd></div>
<div><dt>پرداخت‌یار</dt><dd>$gateway</dd></div>
<div><dt>کد پیگیری درگاه</dt><dd><bdi class="code">$authority</bdi></dd></div>
</dl>
<form method="post" class="stack">
<button class="button" name="result" value="paid">پرداخت</button>
<button class="button button-quiet" name="result" value="cancelled">انصراف</button>
</form>
<form method="post" class="bank-unseen">
<button class="link" name="unseen" value="paid">پرداخت و بستن مرورگر</button>
<p class="muted">پول برداشته می‌شود ولی مرورگر به فروشگاه برنمی‌گردد؛ فروشگاه باید خودش از درگاه بپرسد.</p>
</form>
</main>"""

_MESSAGE = """<main class="bank card">
$header
<p class="say">$text</p>
</main>"""


def payment_page(payment: Payment, gateway: str) -> Reply:
    """What the payer sees before deciding; the merchant is known by where the browser will return to."""
    body = html(
        _FORM,
        header=Html(_HEAD),
        amount=toman(payment.amount_rial),
        merchant=urlsplit(payment.callback_url).hostname or "",
        gateway=gateway,
        description=payment.description,
        authority=payment.authority,
    )
    return page_reply(page(f"درگاه آزمایشی · {toman(payment.amount_rial)}", body, body_class="bank-page"))


def message_page(text: str, status: int = 200) -> Reply:
    """A page that only says something."""
    body = html(_MESSAGE, header=Html(_HEAD), text=text)
    return page_reply(page("درگاه آزمایشی", body, body_class="bank-page"), status)


def unseen_page(payment: Payment) -> Reply:
    """The money is taken and the browser stays here."""
    return message_page(
        f"{toman(payment.amount_rial)} پرداخت شد، ولی این صفحه به فروشگاه بازنمی‌گردد؛ مثل وقتی که مرورگر بسته می‌شود. "
        "می‌توانید این صفحه را ببندید."
    )
