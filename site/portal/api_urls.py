"""Every address of the REST face; what is no address here is a 404 in the REST face's own words."""

from __future__ import annotations

from django.urls import path, re_path

from cms.api.content import (
    ArticleListView,
    ArticleView,
    ContentDocumentView,
    ContentMediaView,
    ContentPictureView,
    ContentPosterView,
    NoticeListView,
    NoticeView,
    TutorialListView,
    TutorialView,
)
from cms.api.preview import PreviewView
from cms.notice_api import NoticePreferencesView
from cms.search_api import SearchView
from commerce.api.order import OrderCancelView, OrderListView, OrderView
from commerce.api.payment import OrderPaymentsView, PaymentView
from commerce.api.service import ServiceChoicesView, ServiceOptionsView
from customer.api.device import DeviceListView, DeviceTimelineView, DeviceView
from customer.api.inbox import InboxAcknowledgeView, InboxReadAllView, InboxReadView, InboxView, UnreadCountView
from customer.api.me import CorrectionListView, MeView
from customer.api.sign_off import (
    SignOffCodeView,
    SignOffConfirmView,
    SignOffDeclineView,
    SignOffListView,
    SignOffView,
    VisitCodeView,
    VisitConfirmView,
)
from customer.api.token import TokenDetailView, TokenListView, TokenView
from customer.api.transfer import (
    TransferCancelView,
    TransferCodeView,
    TransferConfirmView,
    TransferListView,
    TransferView,
)
from portal.api import NowhereView
from portal.api_password import PasswordView
from portal.api_schema import DocsView, SchemaView
from portal.verify import VerifyView
from support.api.attachment import AttachmentsView, AttachmentView
from support.api.ticket import (
    TicketCloseView,
    TicketListView,
    TicketMessagesView,
    TicketRatingView,
    TicketReopenView,
    TicketView,
)

app_name = "api"
urlpatterns = [
    path("auth/token/", TokenView.as_view(), name="token"),
    path("auth/tokens/", TokenListView.as_view(), name="token_list"),
    path("auth/tokens/<slug:key>/", TokenDetailView.as_view(), name="token_detail"),
    path("me/", MeView.as_view(), name="me"),
    path("me/corrections/", CorrectionListView.as_view(), name="correction_list"),
    path("me/notice-preferences/", NoticePreferencesView.as_view(), name="notice_preferences"),
    path("me/password/", PasswordView.as_view(), name="password"),
    path("devices/", DeviceListView.as_view(), name="device_list"),
    path("devices/<int:pk>/", DeviceView.as_view(), name="device_detail"),
    path("devices/<int:pk>/timeline/", DeviceTimelineView.as_view(), name="device_timeline"),
    path("devices/<int:pk>/service-options/", ServiceOptionsView.as_view(), name="service_options"),
    path("devices/<int:pk>/service-choices/", ServiceChoicesView.as_view(), name="service_choices"),
    path("orders/", OrderListView.as_view(), name="order_list"),
    path("orders/<slug:number>/", OrderView.as_view(), name="order_detail"),
    path("orders/<slug:number>/cancel/", OrderCancelView.as_view(), name="order_cancel"),
    path("orders/<slug:number>/payments/", OrderPaymentsView.as_view(), name="order_payments"),
    path("payments/<uuid:pk>/", PaymentView.as_view(), name="payment_detail"),
    path("tickets/", TicketListView.as_view(), name="ticket_list"),
    path("tickets/<slug:number>/", TicketView.as_view(), name="ticket_detail"),
    path("tickets/<slug:number>/messages/", TicketMessagesView.as_view(), name="ticket_messages"),
    path("tickets/<slug:number>/close/", TicketCloseView.as_view(), name="ticket_close"),
    path("tickets/<slug:number>/reopen/", TicketReopenView.as_view(), name="ticket_reopen"),
    path("tickets/<slug:number>/rating/", TicketRatingView.as_view(), name="ticket_rating"),
    path("attachments/", AttachmentsView.as_view(), name="attachments"),
    path("attachments/<str:pk>/", AttachmentView.as_view(), name="attachment"),
    path("inbox/", InboxView.as_view(), name="inbox"),
    path("inbox/unread-count/", UnreadCountView.as_view(), name="inbox_unread_count"),
    path("inbox/read-all/", InboxReadAllView.as_view(), name="inbox_read_all"),
    path("inbox/<int:pk>/read/", InboxReadView.as_view(), name="inbox_read"),
    path("inbox/<int:pk>/acknowledge/", InboxAcknowledgeView.as_view(), name="inbox_acknowledge"),
    path("verify/<str:code>/", VerifyView.as_view(), name="verify"),
    path("sign-offs/", SignOffListView.as_view(), name="sign_off_list"),
    path("sign-offs/<int:pk>/", SignOffView.as_view(), name="sign_off_detail"),
    path("sign-offs/<int:pk>/code/", SignOffCodeView.as_view(), name="sign_off_code"),
    path("sign-offs/<int:pk>/confirm/", SignOffConfirmView.as_view(), name="sign_off_confirm"),
    path("sign-offs/<int:pk>/decline/", SignOffDeclineView.as_view(), name="sign_off_decline"),
    path("sign-offs/visits/<uuid:visit>/code/", VisitCodeView.as_view(), name="visit_code"),
    path("sign-offs/visits/<uuid:visit>/confirm/", VisitConfirmView.as_view(), name="visit_confirm"),
    path("transfers/", TransferListView.as_view(), name="transfer_list"),
    path("transfers/<int:pk>/", TransferView.as_view(), name="transfer_detail"),
    path("transfers/<int:pk>/code/", TransferCodeView.as_view(), name="transfer_code"),
    path("transfers/<int:pk>/confirm/", TransferConfirmView.as_view(), name="transfer_confirm"),
    path("transfers/<int:pk>/cancel/", TransferCancelView.as_view(), name="transfer_cancel"),
    path("content/articles/", ArticleListView.as_view(), name="article_list"),
    path("content/articles/<int:pk>/", ArticleView.as_view(), name="article_detail"),
    path("content/tutorials/", TutorialListView.as_view(), name="tutorial_list"),
    path("content/tutorials/<int:pk>/", TutorialView.as_view(), name="tutorial_detail"),
    path("content/notices/", NoticeListView.as_view(), name="notice_list"),
    path("content/notices/<int:pk>/", NoticeView.as_view(), name="notice_detail"),
    path("content/pictures/<str:name>", ContentPictureView.as_view(), name="content_picture"),
    path("content/documents/<int:pk>/", ContentDocumentView.as_view(), name="content_document"),
    path("content/media/<int:pk>/", ContentMediaView.as_view(), name="content_media"),
    path("content/media/<int:pk>/poster/", ContentPosterView.as_view(), name="content_poster"),
    path("content/preview/<str:token>/", PreviewView.as_view(), name="content_preview"),
    path("search/", SearchView.as_view(), name="search"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(url_name="api:schema"), name="docs"),
    re_path("", NowhereView.as_view(), name="nowhere"),
]
