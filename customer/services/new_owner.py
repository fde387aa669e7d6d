"""The person who is to own a device, as the present owner names him."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from customer.models import Buyer
from customer.services.buyer import BuyerData, cleaned
from kernel.refused import Refused
from kernel.vault import blind_index


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOwner:
    """Name, national code and phone; an account of his own he may have or not."""

    first_name: str
    last_name: str
    national_code: str
    phone: str


def checked_new_owner(owner: Buyer, named: NewOwner) -> NewOwner:
    """Normalised copy. Raises Refused on the field at fault; `transfer.same_owner` when it is the owner himself."""
    data = cleaned(
        BuyerData(
            first_name=named.first_name,
            last_name=named.last_name,
            national_code=named.national_code,
            phone=named.phone,
            city="-",
            street="-",
        )
    )
    if blind_index(data.national_code) == owner.national_code_index:
        message = _("The new owner cannot be yourself.")
        raise Refused("transfer.same_owner", message, status=400, field="national_code")
    return NewOwner(
        first_name=data.first_name, last_name=data.last_name, national_code=data.national_code, phone=data.phone
    )
