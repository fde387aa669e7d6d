"""What the house asks of the outside world, in its own words; one adapter per vendor answers.

Money is integer rial, mobiles are E.164 (`+989…`), texts are final. An adapter converts at its own edge, holds no
state, touches no database and never logs a key. A reply ends as a value or as one of the four kinds of `DeliveryError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol


class DeliveryError(Exception):
    """A call did not bring the answer that was asked for; the subclass says what that means.

    `reason` is a short English text for staff and logs, free of keys and addresses; `code` is the provider's own code
    where it gave one.
    """

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Retry(DeliveryError):
    """Nothing happened: the same call may be made again, `after` so many seconds if the provider named a time."""

    def __init__(self, reason: str, after: float | None = None, *, code: str = "") -> None:
        super().__init__(reason, code=code)
        self.after = after


class Reject(DeliveryError):
    """The provider refuses this very request for good: a person must look at it.

    `elsewhere`: it is the provider's own rule (its line, its list of words), so that another provider may well take it.
    """

    def __init__(self, reason: str, *, code: str = "", elsewhere: bool = False) -> None:
        super().__init__(reason, code=code)
        self.elsewhere = elsewhere


class Misconfigured(DeliveryError):
    """Our account, key, credit or address is at fault: every call will fail until somebody mends it."""


class Unknown(DeliveryError):
    """No answer that can be understood: the effect may or may not have happened. Look before doing it again."""


# --- messages --------------------------------------------------------------------------------------------------------


class SmsStatus(StrEnum):
    """Where a message stands; the last six are final. Only WhatsApp tells that one was read."""

    QUEUED = "queued"
    SENT = "sent"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One text to one phone. `local_id` is our own number for it, the same at every attempt."""

    phone: str
    text: str
    local_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsReceipt:
    """The provider took the message under this id."""

    external_id: str
    status: SmsStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a provider says of one message. `at` is its time, `reference` our own word for the message if it knows it.

    `code` and `reason` are the provider's; `raw` is what it sent, without secrets, phones and texts.
    """

    external_id: str
    status: SmsStatus
    at: datetime
    code: str = ""
    reason: str = ""
    reference: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SmsOutcome:
    """What became of one message of a batch: a receipt, or why there is none."""

    local_id: int
    receipt: SmsReceipt | None = None
    error: DeliveryError | None = None


class SmsPort(Protocol):
    """A provider of text messages. `batch_size`: the most messages of one `send_batch`."""

    @property
    def name(self) -> str:
        """The name in settings, addresses and rows."""
        ...

    @property
    def batch_size(self) -> int: ...

    def send(self, sms: Sms, *, recover: bool = False) -> SmsReceipt:
        """Send once; with `recover` an earlier attempt is looked for first. Raises `DeliveryError`."""
        ...

    def send_batch(self, messages: Sequence[Sms], *, recover: bool = False) -> list[SmsOutcome]:
        """Sends at most `batch_size` messages, each once; one outcome per message, in their order.

        With `recover` those which an earlier attempt may have sent are looked for first. Raises `DeliveryError` only
        where the call as a whole failed, so that it holds for every message.
        """
        ...

    def find(self, messages: Sequence[Sms]) -> dict[int, SmsReceipt]:
        """What an earlier attempt has sent of these, by local id. Raises `DeliveryError` where it cannot look."""
        ...

    def status(self, message_ids: Sequence[str]) -> dict[str, SmsStatus]:
        """Where these messages stand, by external id. Raises `DeliveryError`."""
        ...

    def credit_rial(self) -> int | None:
        """What is left on our account; None where the provider does not say it in money. Raises `DeliveryError`."""
        ...


@dataclass(frozen=True, slots=True)
class WhatsAppTemplate:
    """A message of an approved template. `variables` fill `{{1}}`, `{{2}}`… of its body.

    `callback_data` is our own reference; delivery reports bring it back.
    """

    phone: str
    template: str
    language: str
    variables: tuple[str, ...]
    callback_data: str


@dataclass(frozen=True, slots=True)
class WhatsAppText:
    """A free text: taken only within 24 hours of the person's last message to us."""

    phone: str
    text: str
    callback_data: str


@dataclass(frozen=True, slots=True)
class WhatsAppReceipt:
    """The provider took the message under this id."""

    external_id: str


class WhatsAppPort(Protocol):
    """A provider of WhatsApp messages. It has no key against doubles: never repeat a call that ended in `Unknown`."""

    @property
    def name(self) -> str:
        """The name in settings and rows."""
        ...

    def send_template(self, message: WhatsAppTemplate) -> WhatsAppReceipt:
        """Sends once. Raises `DeliveryError` with Meta's code."""
        ...

    def send_text(self, message: WhatsAppText) -> WhatsAppReceipt:
        """Sends once. Raises `DeliveryError`; outside of the 24 hours `Reject` with the code 131047."""
        ...


# --- payments --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What a gateway needs to open a payment page. `mobile` (optional, E.164) lets the bank offer saved cards."""

    payment_id: str
    amount_rial: int
    description: str
    callback_url: str
    mobile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open payment page: the gateway's id of it and where to send the browser."""

    authority: str
    redirect_url: str


class VerdictKind(StrEnum):
    """`UNKNOWN`: ask again later. `MISMATCH`: never credit, a person must look."""

    PAID = "paid"
    NOT_PAID = "not_paid"
    UNKNOWN = "unknown"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gateway says about one payment. `reference` is its receipt number, `raw` its reply without secrets."""

    kind: VerdictKind
    code: str
    reason: str
    reference: str = ""
    amount_rial: int | None = None
    card_masked: str = ""
    card_hash: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """A payment that the gateway holds as paid and that nobody has verified."""

    authority: str
    amount_rial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnHint:
    """What the browser claims on its way back: never a proof. `authority` is empty when malformed."""

    authority: str
    claims_paid: bool


class PaymentPort(Protocol):
    """A payment gateway."""

    @property
    def name(self) -> str:
        """The name in settings, addresses and rows."""
        ...

    @property
    def label(self) -> str:
        """The name that a buyer sees, translated."""
        ...

    def create_session(self, request: SessionRequest) -> Session:
        """Open a payment page. Raises `DeliveryError`; a session whose reply was lost harms nobody."""
        ...

    def verify(self, *, authority: str, amount_rial: int) -> Verdict:
        """Ask whether exactly this amount was paid, and keep it. Never raises for trouble at the provider."""
        ...

    def list_unverified(self) -> list[Unverified]:
        """Payments that wait for `verify`, the newest hundred or so. Raises `DeliveryError`."""
        ...

    def parse_return(self, params: Mapping[str, str]) -> ReturnHint:
        """Read the query (or form) with which the browser came back."""
        ...


# --- customer relations ----------------------------------------------------------------------------------------------

DealStatus = Literal["Pending", "Won", "Lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmContact:
    """A buyer as the CRM knows one. `customer_code` is our lasting code for the buyer; blank means `reference`."""

    reference: str
    first_name: str
    last_name: str
    mobile: str
    customer_code: str = ""
    city: str = ""
    address: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmDeal:
    """A renewal or a choice as the CRM knows one. `reference` is unique and found again when a reply was lost."""

    reference: str
    title: str
    contact_external_id: str
    status: DealStatus
    price_rial: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmNote:
    """Something that happened to a buyer, as a note in the CRM. `reference` is unique."""

    reference: str
    title: str
    text: str
    contact_external_id: str


class CrmPort(Protocol):
    """A CRM: a copy of what happened here, never the truth."""

    def save_contact(self, contact: CrmContact, *, external_id: str = "") -> str:
        """Find or create, then update; safe to repeat. Returns the external id. Raises `DeliveryError`."""
        ...

    def save_deal(self, deal: CrmDeal, *, external_id: str = "", recover: bool = False) -> str:
        """Create, or edit `external_id`; with `recover` a lost one is looked for first. Returns the external id."""
        ...

    def save_note(self, note: CrmNote, *, recover: bool = False) -> str:
        """Create a note, never a second one; `recover`: an earlier attempt may have worked. Returns the external id."""
        ...
