"""Didar CRM (https://didar.me/api-help/): contacts, deals, activities, search and the settings lookups.

The vendor's help page documents the key, the envelope and searching; the rest follows public clients. Invented, not
vendor facts: HTTP 401 and its text, 404 and 405, that an edit keeps the fields it does not name, and that an edit of an
id this sandbox does not know is stored under that id: the sandbox forgets when it restarts, the portal does not. An API
key beginning with `wrong` is refused.
"""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from . import didar_account
from .faults import TRANSPORT, Fault
from .provider import Provider
from .state import Record
from .wire import Reply, Request, json_reply

NO_ID = "00000000-0000-0000-0000-000000000000"
DEAL_STATUSES = {"pending": "Pending", "won": "Won", "lost": "Lost", "0": "Pending", "1": "Won", "2": "Lost"}

# The spelling under which a field is kept, however it was sent; a field not named here keeps the sender's spelling.
_SPELLINGS = (
    *(
        "Type",
        "FirstName",
        "LastName",
        "DisplayName",
        "MobilePhone",
        "WorkPhone",
        "Email",
        "CustomerCode",
        "NationalCode",
    ),
    *("ZipCode", "Addresses", "Fields", "Title", "PersonId", "CompanyId", "PipelineId", "PipelineStageId", "OwnerId"),
    *("Status", "Description", "Price", "LabelIds", "Note", "ResultNote", "DealId", "ContactIds", "ActivityTypeId"),
)
SPELLING = {name.lower(): name for name in _SPELLINGS}
DEAL_ROW = ("Id", "Title", "RegisterTime", "Price", "PersonId", "OwnerId", "PipelineStageId", "LabelIds", "Status")
SET_BY_SERVICE = {"id", "registertime", "updatetime", "isdeleted"}
WRITES = {"contact/save", "deal/save", "deal/save_v2", "deal/setstatus", "activity/save"}


class Failure(Exception):
    """The vendor refuses with an HTTP status and a text."""

    def __init__(self, text: str, status: int = 400) -> None:
        self.status = status
        super().__init__(text)


class Didar(Provider):
    """The CRM. Paths ignore case; the key is in the query of every call; nearly every call is a POST."""

    name, title = "didar", "دیدار"
    behaviours = frozenset({"vendor_code"})
    switches = {
        "reply": ("flat", "nested"),
        "error": ("Message", "Error"),
        "lists": ("bare", "wrapped"),
        "index_delay": ("0", "2", "30"),
    }

    def reset(self) -> None:
        """Forgets who has which mobile."""
        super().reset()
        self._ids_by_mobile: dict[str, str] = {}

    def applies(self, fault: str, request: Request) -> bool:
        """A lost answer matters after a write; all others strike the next call."""
        if fault == "timeout_after_effect":
            return _call_of(request.path) in WRITES
        return fault in TRANSPORT or fault in self.behaviours

    def answer(self, request: Request, fault: Fault | None) -> Reply:
        """Any call, in the vendor's envelope."""
        try:
            self._check(request, fault)
            return json_reply({"Response": self._calls()[_call_of(request.path)](_any_case(request.json_object()))})
        except Failure as failure:
            return json_reply({self.switched["error"]: str(failure)}, failure.status)

    def _check(self, request: Request, fault: Fault | None) -> None:
        key = request.query.get("apikey", "")
        if not key or key.startswith("wrong"):
            raise Failure("Authorization has been denied for this request.", 401)
        call = _call_of(request.path)
        if call not in self._calls():
            raise Failure("No HTTP resource was found (the sandbox does not have this call).", 404)
        if request.method != ("GET" if call == "label/getdeallabels" else "POST"):
            raise Failure("The requested resource does not support this HTTP method.", 405)
        if fault and fault.name == "vendor_code":
            raise Failure("The operation failed.", fault.code if 400 <= fault.code <= 599 else 400)

    def _calls(self) -> dict[str, Callable[[Record], Any]]:
        return {
            "contact/save": self._save_contact,
            "contact/getbyphonenumber": self._contacts_by_phone,
            "contact/personsearch": self._search_persons,
            "contact/getcontactdetail": lambda body: self._one(self.state.contacts, body, "Contact not found"),
            "deal/save": self._save_deal,
            "deal/save_v2": self._save_deal,
            "deal/setstatus": self._set_deal_status,
            "deal/getdealdetail": self._deal_detail,
            "deal/search_v2": self._search_deals,
            "activity/save": self._save_activity,
            "activity/getactivitytype": lambda body: didar_account.ACTIVITY_TYPES,
            "search/search": self._search_everything,
            "user/list": lambda body: didar_account.USERS,
            "pipeline/list/0": lambda body: didar_account.DEAL_PIPELINES,
            "customfield/getcustomfieldlist": self._custom_fields,
            "label/getdeallabels": lambda body: didar_account.DEAL_LABELS,
        }

    # Contacts

    def _save_contact(self, body: Record) -> Record:
        sent = _fields(body.get("contact"))
        contacts = self.state.contacts
        identity = _identity(body.get("contact"))
        contact = {**self._stored(contacts, identity, first_code=1001), **sent}
        contact.setdefault("Type", "Person")
        if not str(contact.get("LastName") or "").strip():
            raise Failure("LastName can not be empty")
        mobile = _mobile(contact.get("MobilePhone"))
        if self._ids_by_mobile.get(mobile, contact["Id"]) != contact["Id"]:
            raise Failure("Duplicate contacts is not allowed")
        if not sent.get("DisplayName"):
            contact["DisplayName"] = f"{contact.get('FirstName') or ''} {contact['LastName']}".strip()
        self._ids_by_mobile.pop(_mobile(contacts.get(contact["Id"], {}).get("MobilePhone")), None)
        if mobile:
            self._ids_by_mobile[mobile] = contact["Id"]
        contacts[contact["Id"]] = contact
        return self._saved("Contact", {name: contact[name] for name in ("Id", "DisplayName", "Code")})

    def _contacts_by_phone(self, body: Record) -> list[Record]:
        identity = self._ids_by_mobile.get(_mobile(body.get("mobilephone")))
        return [self.state.contacts[identity]] if identity else []

    def _search_persons(self, body: Record) -> Record:
        criteria = _any_case(body.get("criteria"))
        rows = list(self.state.contacts.values())
        for name in ("MobilePhone", "WorkPhone", "Email", "NationalCode", "ZipCode", "CustomerCode"):
            wanted = str(criteria.get(name.lower()) or "")
            rows = [row for row in rows if not wanted or str(row.get(name) or "") == wanted]
        words = str(criteria.get("keywords") or "").casefold()
        rows = [row for row in rows if words in _text(row)]
        return {"TotalCount": len(rows), "List": _page(rows, body)}

    # Deals

    def _save_deal(self, body: Record) -> Record:
        sent = _fields(body.get("deal"))
        deal = {**self._stored(self.state.deals, _identity(body.get("deal")), first_code=5001), **sent}
        if not deal.get("PersonId") and not deal.get("CompanyId"):
            raise Failure("person and company both are empty")
        deal["Status"] = _deal_status(deal.get("Status"))
        if "dealitems" in body:
            deal["DealItems"] = body["dealitems"]
        self.state.deals[deal["Id"]] = deal
        return self._saved("Deal", {"Id": deal["Id"], "Title": deal.get("Title", ""), "Code": deal["Code"]})

    def _set_deal_status(self, body: Record) -> Record:
        deal = self._one(self.state.deals, body, "Deal not found")
        deal["Status"] = _deal_status(body.get("status"))
        return self._saved("Deal", {"Id": deal["Id"]})

    def _deal_detail(self, body: Record) -> Record:
        deal = self._one(self.state.deals, body, "Deal not found")
        contacts = self.state.contacts
        detail = {name: value for name, value in deal.items() if name != "DealItems"}  # as seen: no items in the answer
        return {
            **detail,
            "Person": contacts.get(str(deal.get("PersonId"))),
            "Company": contacts.get(str(deal.get("CompanyId"))),
            "Owner": didar_account.OWNER,
        }

    def _search_deals(self, body: Record) -> Record:
        """As seen in the field, the time window does not filter."""
        criteria = _any_case(body.get("criteria"))
        rows = list(self.state.deals.values())
        for name in ("PipelineId", "PipelineStageId", "Status"):
            wanted = str(criteria.get(name.lower()) or "")
            rows = [row for row in rows if wanted in ("", NO_ID) or str(row.get(name) or "") == wanted]
        for wish in criteria.get("customfields") or []:
            rows = [row for row in rows if _has_field(row, _any_case(wish))]
        shown = [{name: row.get(name) for name in DEAL_ROW} for row in _page(rows, body)]
        total = sum(row["Price"] for row in rows if isinstance(row.get("Price"), int))
        return {"TotalCount": len(rows), "TotalPrice": total, "AllDealsCount": len(self.state.deals), "List": shown}

    # Activities, search, settings

    def _save_activity(self, body: Record) -> Record:
        sent = _fields(body.get("activity"))
        activity = {**self._stored(self.state.activities, _identity(body.get("activity")), first_code=9001), **sent}
        self.state.activities[activity["Id"]] = activity
        return {"Id": activity["Id"]}

    def _search_everything(self, body: Record) -> Record:
        word = str(body.get("keyword") or "").casefold()
        types = [str(name).lower() for name in body.get("types") or ["contact", "deal"]]
        latest = datetime.fromtimestamp(self.state.now() - float(self.switched["index_delay"]), UTC)
        found = [
            {"_tp": kind, **row}
            for kind, table in (("contact", self.state.contacts), ("deal", self.state.deals))
            for row in table.values()
            if kind in types and word and word in _text(row) and datetime.fromisoformat(row["UpdateTime"]) <= latest
        ]
        return {"Total": len(found), "List": found}

    def _custom_fields(self, body: Record) -> Any:
        fields = didar_account.CUSTOM_FIELDS
        return {"List": fields} if self.switched["lists"] == "wrapped" else fields

    # Rows

    def _stored(self, table: dict[str, Record], identity: str, first_code: int) -> Record:
        """The row with this id, or the beginnings of a new one."""
        stamp = datetime.fromtimestamp(self.state.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        new = {
            "Id": identity or str(uuid.uuid4()),
            "RegisterTime": stamp,
            "IsDeleted": False,
            "Code": first_code + len(table),
        }
        return {**table.get(identity, new), "UpdateTime": stamp}

    def _one(self, table: dict[str, Record], body: Record, missing: str) -> Record:
        row = table.get(str(body.get("id")))
        if row is None:
            raise Failure(missing)
        return row

    def _saved(self, kind: str, row: Record) -> Record:
        return {kind: row} if self.switched["reply"] == "nested" else row


def _call_of(path: str) -> str:
    """`api/Contact/Save` and `contact/save` → `contact/save`."""
    return path.strip("/").lower().removeprefix("api/")


def _any_case(value: Any) -> Record:
    """A JSON object with lower-case keys; the live service's binder ignores their case."""
    return {str(name).lower(): item for name, item in value.items()} if isinstance(value, dict) else {}


def _fields(value: Any) -> Record:
    """What was sent of a record, under the usual spelling; the service sets the id and the times itself."""
    if not isinstance(value, dict):
        raise Failure("The request is invalid.")
    sent = {SPELLING.get(str(name).lower(), str(name)): item for name, item in value.items()}
    return {name: item for name, item in sent.items() if name.lower() not in SET_BY_SERVICE}


def _identity(value: Any) -> str:
    identity = str(_any_case(value).get("id") or "")
    return "" if identity == NO_ID else identity


def _deal_status(value: Any) -> str:
    status = DEAL_STATUSES.get(str("Pending" if value is None else value).lower())
    if status is None:
        raise Failure("The request is invalid.")
    return status


def _has_field(row: Record, wish: Record) -> bool:
    """`EqualToAny` on the one custom field there is."""
    value = str((row.get("Fields") or {}).get(didar_account.REFERENCE_FIELD["Key"]))
    wanted = [str(item) for choice in wish.get("or") or [] for item in _any_case(choice).get("value") or []]
    return wish.get("customfieldid") == didar_account.REFERENCE_FIELD["Id"] and value in wanted


def _page(rows: list[Record], body: Record) -> list[Record]:
    start, limit = body.get("from", 0), body.get("limit", 30)
    if not isinstance(start, int) or not isinstance(limit, int) or start < 0 or limit < 0:
        raise Failure("The request is invalid.")
    return rows[start : start + limit]


def _text(row: Record) -> str:
    """All there is to find in a record."""
    return "\n".join(str(value) for value in row.values()).casefold()


def _mobile(value: Any) -> str:
    """`09…`, however it was written; empty for none."""
    found = re.fullmatch(r"(?:\+98|0098|98|0)?(9\d{9})", re.sub(r"[\s-]", "", str(value or "")))
    return "0" + found[1] if found else str(value or "")
