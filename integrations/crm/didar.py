"""Didar CRM: buyers as contacts, renewals and choices as deals, papers as notes.

Source: didar.me/api-help (key, envelope, search) and public clients; the full reference is not public. What is known
and shapes this module: the API key is part of the *query*; a contact is unique by its mobile, saving is no upsert;
there is no idempotency key, so each deal carries a line `REF: …` by which a lost one is found again; error bodies have
no fixed form. Where both sides changed a record the portal wins for the fields it states, Didar for all others.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from integrations import http
from integrations.ports import CrmContact, CrmDeal, CrmNote, DeliveryError, Misconfigured, Reject, Retry, Unknown
from integrations.reading import mapping, rows, text
from kernel.identity import local_mobile

logger = logging.getLogger(__name__)

DEADLINE = 30.0  # seconds for all calls of one operation together; well below the outbox's lease
MOST_CANDIDATES = 20  # deals that one search may make us read
PLAIN_NOTE = "00000000-0000-0000-0000-000000000000"  # the activity type of a note
ADDRESS_LABEL = "آدرس"  # the label as Didar's own form has it
LINE_ENDS = re.compile(r"[\r\n]+|<br\s*/?>|</?(?:p|div)[^>]*>", re.IGNORECASE)

# What an edit takes over from the record as Didar has it: an edit may blank what it does not name.
CONTACT_FIELDS = """
    Type FirstName LastName DisplayName MobilePhone WorkPhone Phone Email CustomerCode NationalCode ZipCode CompanyName
    CompanyId ProvinceId CityId ProvinceTitle CityTitle OwnerId VisibilityType IsCustomer BackgroundInfo Addresses
    Fields SegmentIds
"""
DEAL_FIELDS = """
    Title PersonId CompanyId PipelineId PipelineStageId OwnerId Status Description Price TaxPercent Code LabelIds
    SourceId RegisterDate ExpectedCloseDate VisibilityType Fields
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Didar:
    """The adapter. `price_unit` is the currency of the Didar account, "rial" or "toman"."""

    base_url: str
    api_key: str = field(repr=False)
    pipeline_id: str = ""
    stage_id: str = ""
    price_unit: str = "rial"

    def save_contact(self, contact: CrmContact, *, external_id: str = "") -> str:
        """Finds the contact (by id, else by mobile) and updates it, or creates it. Raises `DeliveryError`.

        Safe to repeat after a lost reply: the second time the contact is found by its mobile.
        """
        talk = self._talk()
        known = _contact_detail(talk, external_id) or _contact_by_mobile(talk, contact.mobile)
        try:
            return _save_contact(talk, contact, known)
        except Reject as error:
            if "duplicate" not in error.reason.lower():
                raise
        found = None if known else _contact_by_mobile(talk, contact.mobile)
        if found is None:
            raise Reject("the mobile belongs to another, hidden or deleted contact")
        return _save_contact(talk, contact, found)

    def save_deal(self, deal: CrmDeal, *, external_id: str = "", recover: bool = False) -> str:
        """Creates the deal or edits `external_id`; with `recover` a lost one is looked for first, and adopted.

        Raises `DeliveryError`; `Reject` for a price that is not a whole number of toman where the account counts so.
        """
        talk = self._talk()
        ours = self._deal_fields(deal)
        if external_id:
            theirs = _deal_fields_of_theirs(talk, external_id)
            return talk.save("deal/save_v2", "Deal", {**theirs, **ours, "Id": external_id})
        if recover and (found := _deal_by_reference(talk, deal.reference)):
            return found
        stage = {"PipelineId": self.pipeline_id, "PipelineStageId": self.stage_id}
        return talk.save("deal/save_v2", "Deal", {**_stated(stage), **ours})

    def save_note(self, note: CrmNote, *, recover: bool = False) -> str:
        """Writes a note at the contact: a done activity without a type. Raises `DeliveryError`.

        A lost note cannot be looked for: what `activity/search` takes is not documented, the global search and the
        details of a contact know no activities. So with `recover` a person is asked to (`Reject`), by its `REF: …`.
        """
        if recover:
            raise Reject(f"the note may be there already: look for {_reference_line(note.reference)} at the contact")
        record = {
            "ActivityTypeId": PLAIN_NOTE,
            "Title": note.title,
            "ResultNote": f"{note.text}\n{_reference_line(note.reference)}".strip(),
            "ContactIds": [note.contact_external_id],
            "IsDone": True,
        }
        return self._talk().save("activity/save", "Activity", record)

    def _deal_fields(self, deal: CrmDeal) -> dict[str, Any]:
        return {
            "Title": deal.title,
            "PersonId": deal.contact_external_id,
            "Status": deal.status,
            "Description": f"{deal.description}\n{_reference_line(deal.reference)}".strip(),
            "Price": self._price(deal.price_rial),
            "TaxPercent": "0",  # otherwise the account's default tax is put on top
        }

    def _price(self, price_rial: int) -> int:
        if self.price_unit == "rial":
            return price_rial
        if self.price_unit != "toman":
            raise Misconfigured("the price unit is neither rial nor toman")
        toman, remainder = divmod(price_rial, 10)
        if remainder:
            raise Reject("the price is not a whole number of toman")
        return toman

    def _talk(self) -> _Talk:
        if not self.api_key:
            raise Misconfigured("no API key")
        return _Talk(self.base_url, self.api_key, time.monotonic() + DEADLINE)


def from_settings() -> Didar:
    """The CRM as this installation has it."""
    return Didar(
        base_url=settings.DIDAR_BASE_URL.rstrip("/"),
        api_key=settings.DIDAR_API_KEY,
        pipeline_id=settings.DIDAR_PIPELINE_ID,
        stage_id=settings.DIDAR_STAGE_ID,
        price_unit=settings.DIDAR_PRICE_UNIT,
    )


@dataclass(frozen=True, slots=True)
class _Talk:
    """The calls of one operation, which end together at `ends_at` on the monotonic clock."""

    base_url: str
    api_key: str = field(repr=False)
    ends_at: float

    def look(self, path: str, body: dict[str, Any]) -> Any:
        """A call that changes nothing: a lost answer only means to ask again."""
        try:
            return self._ask(path, body)
        except Unknown as error:
            raise Retry(error.reason) from None

    def save(self, path: str, kind: str, record: dict[str, Any]) -> str:
        """Writes one record, returns its id, which comes as `Response.Contact.Id` or as `Response.Id`."""
        body: dict[str, Any] = {kind: record}
        if kind == "Deal" and "Id" not in record:
            body["DealItems"] = []
        response = mapping(self._ask(path, body))
        saved_id = text(mapping(response.get(kind)).get("Id")) or text(response.get("Id"))
        if not saved_id:
            raise Unknown("no id in the reply")
        return saved_id

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise Retry("out of time")
        reply = http.call(
            "POST",
            f"{self.base_url}/{path}?apikey={self.api_key}",
            provider=http.Provider(name="didar", deadline=left, secrets=(self.api_key,)),
            json=body,
        )
        if reply.status < 300 and isinstance(reply.json, dict) and "Response" in reply.json:
            return reply.json["Response"]
        raise _refusal(reply)


def _refusal(reply: http.Reply) -> DeliveryError:
    """What an answer without `Response` means."""
    if reply.status == 429:
        return Retry("HTTP 429", reply.retry_after)
    if reply.status in {401, 403}:
        return Misconfigured(f"HTTP {reply.status}")
    said = mapping(reply.json)
    message = text(said.get("Message")) or text(said.get("Error"))
    if 400 <= reply.status < 500:
        return Reject(message or reply.body[:300] or f"HTTP {reply.status}")
    if reply.status < 300 and message:
        return Reject(message)
    return Unknown(f"HTTP {reply.status} without an answer")


# --- contacts --------------------------------------------------------------------------------------------------------


def _contact_detail(talk: _Talk, external_id: str) -> dict[str, Any] | None:
    """The contact as Didar has it; None where it is gone or was never known."""
    if not external_id:
        return None
    try:
        response = mapping(talk.look("contact/GetContactDetail", {"Id": external_id}))
    except Reject as error:
        logger.warning("didar: a contact we knew is gone (%s)", error.reason)
        return None
    detail = mapping(response.get("Contact")) or response
    return detail if text(detail.get("Id")) and detail.get("IsDeleted") is not True else None


def _contact_by_mobile(talk: _Talk, mobile: str) -> dict[str, Any] | None:
    """The contact with this mobile, in detail where that can be had; of several the oldest."""
    response = talk.look("contact/getbyphonenumber", {"MobilePhone": local_mobile(mobile)})
    found = [row for row in _listed(response) if text(row.get("Id")) and row.get("IsDeleted") is not True]
    if not found:
        return None
    if len(found) > 1:
        logger.warning("didar: %d contacts have one mobile, the oldest is taken", len(found))
    oldest = min(found, key=lambda row: text(row.get("RegisterTime")))
    return _contact_detail(talk, text(oldest["Id"])) or oldest


def _save_contact(talk: _Talk, contact: CrmContact, known: dict[str, Any] | None) -> str:
    known = known or {}
    ours = {
        "Type": "Person",
        "FirstName": contact.first_name,
        "LastName": contact.last_name,
        "DisplayName": f"{contact.first_name} {contact.last_name}".strip(),
        "MobilePhone": local_mobile(contact.mobile),
        "CustomerCode": contact.customer_code or contact.reference,
        "CityTitle": contact.city,
        "BackgroundInfo": contact.note,
        "IsCustomer": True,
    }
    record = {**_pick(known, CONTACT_FIELDS), **_stated(ours)}
    if contact.address:
        theirs = rows(mapping(known.get("Addresses")).get("KeyValues"))
        others = [row for row in theirs if row.get("Key") != ADDRESS_LABEL]
        record["Addresses"] = {"KeyValues": [{"Key": ADDRESS_LABEL, "Value": contact.address}, *others]}
    return talk.save("contact/save", "Contact", {**record, **_stated({"Id": text(known.get("Id"))})})


# --- deals -----------------------------------------------------------------------------------------------------------


def _deal_by_reference(talk: _Talk, reference: str) -> str:
    """The id of the deal whose description holds our line exactly; the search itself is fuzzy. Empty for none.

    Raises `Reject`, for a person to look, where a deal that was found cannot be read or there are too many to read.
    """
    response = talk.look("search/search", {"Keyword": reference, "Types": ["deal"]})
    found = [text(row.get("Id")) for row in _listed(response) if row.get("_tp", "deal") == "deal"]
    for external_id in filter(None, found[:MOST_CANDIDATES]):
        detail = _deal_detail(talk, external_id)
        lines = [line.strip() for line in LINE_ENDS.split(text(detail.get("Description"), 20_000))]
        if _reference_line(reference) in lines and detail.get("IsDeleted") is not True:
            return external_id
    if len(found) > MOST_CANDIDATES:
        raise Reject(f"{len(found)} deals look like {reference}")
    return ""


def _deal_detail(talk: _Talk, external_id: str) -> dict[str, Any]:
    """The deal as Didar has it."""
    response = mapping(talk.look("deal/getdealdetail", {"Id": external_id}))
    return mapping(response.get("Deal")) or response


def _deal_fields_of_theirs(talk: _Talk, external_id: str) -> dict[str, Any]:
    """What an edit takes over; nothing where the deal cannot be read, the edit itself will tell."""
    try:
        return _pick(_deal_detail(talk, external_id), DEAL_FIELDS)
    except Reject as error:
        logger.warning("didar: a deal cannot be read (%s)", error.reason)
        return {}


def _reference_line(reference: str) -> str:
    return f"REF: {reference}"


# --- reading ---------------------------------------------------------------------------------------------------------


def _listed(response: Any) -> list[dict[str, Any]]:
    """The rows of a list that comes bare or under `List`."""
    return rows(response["List"]) if isinstance(response, dict) and "List" in response else rows(response)


def _pick(record: dict[str, Any], names: str) -> dict[str, Any]:
    """These fields of a record, as far as it has them; Didar is free with upper and lower case."""
    found = {name.lower(): value for name, value in record.items()}
    return {name: found[name.lower()] for name in names.split() if found.get(name.lower()) is not None}


def _stated(record: dict[str, Any]) -> dict[str, Any]:
    """What is filled in: a blank of ours never wipes out what Didar knows."""
    return {name: value for name, value in record.items() if value not in {"", None}}
