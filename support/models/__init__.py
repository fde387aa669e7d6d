"""Nouns of this app: what is allowed."""

from support.models.attachment import Attachment
from support.models.desk import CannedReply, SavedFilter, TicketDraft
from support.models.message import Message
from support.models.service_level import Holiday, SlaPolicy, WorkingHours
from support.models.ticket import Ticket
from support.models.work import TicketLink, WorkLog

__all__ = [
    "Attachment",
    "CannedReply",
    "Holiday",
    "Message",
    "SavedFilter",
    "SlaPolicy",
    "Ticket",
    "TicketDraft",
    "TicketLink",
    "WorkLog",
    "WorkingHours",
]
