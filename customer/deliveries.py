"""Outbox handlers of this app: what the CRM hears of buyers and choices."""

from __future__ import annotations

from customer.models import Buyer, ServiceChoice
from integrations import crm
from integrations.models import RemoteRecord
from integrations.outbox import Delivery
from integrations.ports import CrmContact, CrmDeal, CrmNote, Retry, Unknown


def remote_id(kind: str, local_key: str) -> str:
    """The CRM's id of one of our records, or ""."""
    ids = RemoteRecord.objects.filter(provider="crm", kind=kind, local_key=local_key)
    return ids.values_list("external_id", flat=True).first() or ""


def remember(kind: str, local_key: str, external_id: str) -> None:
    """Keeps the CRM's id of one of our records."""
    RemoteRecord.objects.update_or_create(
        provider="crm", kind=kind, local_key=local_key, defaults={"external_id": external_id}
    )


def ensure_contact(buyer: Buyer) -> str:
    """The CRM's id of the buyer, found or made. Raises DeliveryError."""
    key = f"buyer:{buyer.pk}"
    contact_id = crm.provider().save_contact(
        CrmContact(
            reference=f"BUYER-{buyer.pk}",
            first_name=buyer.first_name,
            last_name=buyer.last_name,
            mobile=buyer.phone,
            city=buyer.city,
            address=buyer.address,
        ),
        external_id=remote_id("contact", key),
    )
    remember("contact", key, contact_id)
    return contact_id


def save_deal(deal: CrmDeal, *, local_key: str) -> str:
    """Edits the deal made before, else looks for one whose id we lost, else creates it. Raises DeliveryError."""
    deal_id = crm.provider().save_deal(deal, external_id=remote_id("deal", local_key), recover=True)
    remember("deal", local_key, deal_id)
    return deal_id


def save_note(delivery: Delivery, local_key: str, buyer: Buyer, *, title: str, text: str) -> str:
    """Notes something at the buyer's contact, once for each of our keys. Raises DeliveryError."""
    known = remote_id("note", local_key)
    if known:
        return known
    reference = local_key.upper().replace(":", "-")
    note = CrmNote(reference=reference, title=title, text=text, contact_external_id=_contact_id(buyer))
    note_id = crm.provider().save_note(note, recover=delivery.recover)
    remember("note", local_key, note_id)
    return note_id


def _contact_id(buyer: Buyer) -> str:
    try:
        return remote_id("contact", f"buyer:{buyer.pk}") or ensure_contact(buyer)
    except Unknown as error:  # a contact is found again; only what happens to the note itself may stay uncertain
        raise Retry(error.reason) from error


def tell_crm_of_buyer(delivery: Delivery) -> str:
    """A buyer was made or changed."""
    return ensure_contact(Buyer.objects.get(pk=delivery.payload["buyer_id"]))


def tell_crm_of_choice(delivery: Delivery) -> str:
    """Pay per case becomes an open deal, withdrawal a lost one: both are calls for a salesperson."""
    choice = ServiceChoice.objects.select_related("buyer", "device__model__brand").get(pk=delivery.payload["choice_id"])
    contact_id = remote_id("contact", f"buyer:{choice.buyer_id}") or ensure_contact(choice.buyer)
    withdrawn = choice.choice == ServiceChoice.Choice.WITHDRAW
    deal = CrmDeal(
        reference=f"CHOICE-{choice.pk}",
        title=f"{choice.get_choice_display()} · {choice.device}",
        contact_external_id=contact_id,
        status="Lost" if withdrawn else "Pending",
    )
    return save_deal(deal, local_key=f"choice:{choice.pk}")
