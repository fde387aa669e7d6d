"""The buyer's tickets."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import F, Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customer.api.access import BuyerView
from customer.api.idempotency import IDEMPOTENCY_PARAMETERS, idempotent
from customer.api.lists import Ordering, Pages, Search, checked, chosen
from kernel.actor import Actor
from kernel.row_serializer import RowSerializer
from kernel.serializer_fields import LabelField, MomentField
from support.api.attachment import AttachmentSerializer
from support.models import Attachment, Ticket
from support.models.ticket import LONGEST_TITLE, TicketQuerySet
from support.queries import Bubble, conversation, in_shown_status
from support.services.conversation import add_message, mark_read
from support.services.steps import LONGEST_BODY
from support.services.ticket import NewTicket, close_ticket, open_ticket, rate_ticket, reopen_ticket

REFUSALS = (
    "409: the gate's `sign_off.missing`, `service.expired`, `service.withdrawn`, with `next` for the way on; "
    "`ticket.tariff_not_accepted`."
)


class TicketSerializer(RowSerializer[Ticket]):
    number = serializers.CharField()
    device = serializers.IntegerField(source="device_id")
    title = serializers.CharField()
    description = serializers.CharField()
    importance = serializers.ChoiceField(Ticket.Importance.choices)
    importance_label = LabelField(Ticket.Importance, source="importance")
    status = serializers.SerializerMethodField()
    status_label = serializers.SerializerMethodField()
    created_at = MomentField()
    last_message_at = MomentField()
    answer_due_at = MomentField(allow_null=True, help_text="Until then an answer is promised; null while it is yours.")
    closed_at = MomentField(allow_null=True)
    closed_why = serializers.ChoiceField([("", ""), *Ticket.ClosedWhy.choices], help_text="Empty while it is open.")
    rating = serializers.IntegerField(allow_null=True)
    unread = serializers.SerializerMethodField()
    merged_into = serializers.CharField(
        source="merged_number", allow_null=True, help_text="The number of the ticket that goes on instead of it."
    )

    def get_status(self, ticket: Ticket) -> str:
        return str(ticket.shown_status(timezone.now()))

    def get_status_label(self, ticket: Ticket) -> str:
        return str(Ticket.Status(ticket.shown_status(timezone.now())).label)

    def get_unread(self, ticket: Ticket) -> bool:
        return ticket.is_unread(timezone.now())


# What a TicketSerializer reads.
LISTED = (
    "number", "device_id", "title", "description", "importance", "status", "created_at", "last_message_at",
    "answer_due_at", "answered_at", "buyer_read_at", "closed_at", "closed_why", "rating",
)  # fmt: skip


class WholeTicketSerializer(TicketSerializer):
    attachments = AttachmentSerializer(source="its_files", many=True, help_text="Those of the description.")


class NewTicketSerializer(serializers.Serializer[Any]):
    device = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    title = serializers.CharField(max_length=LONGEST_TITLE)
    description = serializers.CharField(max_length=LONGEST_BODY)
    importance = serializers.ChoiceField(Ticket.Importance.choices)
    accept_tariff = serializers.BooleanField(
        default=False, help_text="Needed for a device that is paid for case by case."
    )
    attachments = serializers.ListField(
        child=serializers.CharField(max_length=32), default=list, max_length=100, help_text="Ids of uploaded files."
    )


class TicketSearch(Search):
    """In title, conversation, number and device, as the pages do it."""

    def matching(self, queryset: QuerySet[Any], text: str, view: APIView) -> QuerySet[Any]:
        return cast(TicketQuerySet, queryset).matching(text)


def tickets_of(request: Request) -> TicketQuerySet:
    """The tickets of this person, as `TicketSerializer` reads them: one query."""
    mine: TicketQuerySet = Ticket.objects.visible_to(request.user).defer("search_text", "staff_text")
    return mine.annotate(merged_number=F("merged_into__number"))


def whole_ticket(request: Request, number: str) -> dict[str, Any]:
    """One ticket with the files of its description."""
    ready = Attachment.objects.filter(message__isnull=True)
    tickets = tickets_of(request).prefetch_related(Prefetch("attachments", ready, to_attr="its_files"))
    return dict(WholeTicketSerializer(get_object_or_404(tickets, number=number)).data)


class TicketListView(BuyerView, ListAPIView[Ticket]):
    """The buyer's tickets, what was last spoken of first."""

    serializer_class = TicketSerializer
    pagination_class = Pages
    filter_backends = [TicketSearch, Ordering]
    ordering_fields = {"created_at": "created_at", "last_message_at": "last_message_at", "number": "number"}

    def get_queryset(self) -> QuerySet[Ticket]:
        tickets = tickets_of(self.request).only(*LISTED)
        if word := chosen(self.request, "status", Ticket.Status):
            tickets = in_shown_status(tickets, word, now=timezone.now())
        if importance := chosen(self.request, "importance", Ticket.Importance):
            tickets = tickets.filter(importance=importance)
        if "device" in self.request.query_params:
            field = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
            tickets = tickets.filter(device=checked(field, "device", self.request.query_params["device"]))
        return tickets

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=Ticket.Status.values),
            OpenApiParameter("importance", enum=Ticket.Importance.values),
            OpenApiParameter("device", type={"type": "integer", "minimum": 1, "maximum": 2**63 - 1}),
        ]
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="open_ticket",
        parameters=IDEMPOTENCY_PARAMETERS,
        request=NewTicketSerializer,
        responses={201: WholeTicketSerializer},
        description=(
            f"Opens a ticket, if the gate of the device lets it through. {REFUSALS} 404: somebody else's device. "
            "429: ten an hour."
        ),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        form = NewTicketSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        wish = NewTicket(
            device_id=data["device"],
            title=data["title"],
            description=data["description"],
            importance=data["importance"],
            accept_tariff=data["accept_tariff"],
            attachment_ids=data["attachments"],
        )
        made = open_ticket(buyer=self.buyer, wish=wish, actor=Actor.of(request), now=timezone.now())
        return Response(whole_ticket(request, made.number), status=status.HTTP_201_CREATED)


class TicketView(BuyerView):
    """One of the buyer's tickets."""

    @extend_schema(operation_id="ticket", responses=WholeTicketSerializer)
    def get(self, request: Request, number: str) -> Response:
        return Response(whole_ticket(request, number))


class MessageSerializer(RowSerializer[Bubble]):
    id = serializers.IntegerField(source="key")
    is_mine = serializers.BooleanField()
    author = serializers.CharField(help_text="How the desk signs; “You” for the buyer's own.")
    body = serializers.CharField()
    created_at = MomentField(source="at")
    is_read = serializers.BooleanField(help_text="Whether the other side has seen it.")
    attachments = AttachmentSerializer(many=True)


class NewMessageSerializer(serializers.Serializer[Any]):
    body = serializers.CharField(
        max_length=LONGEST_BODY, allow_blank=True, help_text="May be empty where files say it all."
    )
    attachments = serializers.ListField(child=serializers.CharField(max_length=32), default=list, max_length=100)


class TicketMessagesView(BuyerView, GenericAPIView[Any]):
    """What was said in a ticket after its description, in order. Reading it notes that it was read."""

    pagination_class = Pages
    serializer_class = MessageSerializer

    @extend_schema(operation_id="ticket_messages", responses=MessageSerializer(many=True))
    def get(self, request: Request, number: str) -> Response:
        ticket, now = get_object_or_404(tickets_of(request), number=number), timezone.now()
        rows: Any = self.paginate_queryset(conversation(ticket, now=now, after=0))
        mark_read(ticket=ticket, by_staff=False, now=now)
        return self.get_paginated_response(MessageSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="add_message",
        parameters=IDEMPOTENCY_PARAMETERS,
        request=NewMessageSerializer,
        responses={201: MessageSerializer},
        description="Writes in an open ticket, whatever the cover is by now. 409: `ticket.closed`, `ticket.merged`.",
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        form = NewMessageSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()
        made = add_message(
            buyer=self.buyer,
            number=number,
            body=form.validated_data["body"],
            attachment_ids=form.validated_data["attachments"],
            actor=Actor.of(request),
            now=now,
        )
        ticket = tickets_of(request).get(number=number)
        said = next(bubble for bubble in conversation(ticket, now=now, after=0) if bubble.key == made.pk)
        return Response(MessageSerializer(said).data, status=status.HTTP_201_CREATED)


class TicketCloseView(BuyerView):
    """Closing a ticket: the matter is settled. 409 `ticket.closed`, `ticket.merged`."""

    @extend_schema(operation_id="close_ticket", request=None, responses=WholeTicketSerializer)
    def post(self, request: Request, number: str) -> Response:
        close_ticket(
            number=number,
            why=Ticket.ClosedWhy.BY_BUYER,
            buyer=self.buyer,
            actor=Actor.of(request),
            now=timezone.now(),
        )
        return Response(whole_ticket(request, number))


class TicketReopenView(BuyerView):
    """Opening a closed ticket again. 409 `ticket.not_closed`, `ticket.merged`, `ticket.reopen_over`."""

    @extend_schema(operation_id="reopen_ticket", request=None, responses=WholeTicketSerializer)
    def post(self, request: Request, number: str) -> Response:
        reopen_ticket(number=number, buyer=self.buyer, actor=Actor.of(request), now=timezone.now())
        return Response(whole_ticket(request, number))


class NewRatingSerializer(serializers.Serializer[Any]):
    stars = serializers.IntegerField(min_value=1, max_value=5)
    note = serializers.CharField(max_length=1000, allow_blank=True, default="")


class TicketRatingView(BuyerView):
    """The buyer's verdict on a closed ticket, once. 409 `ticket.not_ratable`."""

    @extend_schema(operation_id="rate_ticket", request=NewRatingSerializer, responses=WholeTicketSerializer)
    def post(self, request: Request, number: str) -> Response:
        form = NewRatingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        rate_ticket(buyer=self.buyer, number=number, actor=Actor.of(request), now=timezone.now(), **form.validated_data)
        return Response(whole_ticket(request, number))
