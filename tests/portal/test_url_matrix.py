"""Every address × every kind of person × mine and somebody else's. A new address that is not in the table fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from knox.models import AuthToken
from wagtail.models import Page

from cms.audience import Audience
from cms.models import ArticlePage, Campaign, NoticePage, PortalSettings, TutorialPage
from cms.services.fan_out import fan_out
from commerce.models import Order, Payment
from customer.models import Buyer, Device, InboxItem, SignOff, SignOffPhoto, Transfer, User
from customer.roles import Role
from customer.services.inbox import Message, tell
from portal.context import forget_brand
from support.models import Attachment, Ticket
from support.services.attachment import begin_upload, store_upload
from tests.api.test_orders import pay
from tests.factories.cms import make_notice, make_running
from tests.factories.commerce import make_order, make_payment, make_plans, make_vat
from tests.factories.content import make_body, make_document, make_image, make_media, make_page
from tests.factories.customer import make_buyer, make_device, make_expired_device, make_model, make_staff
from tests.factories.papers import make_confirmed, make_draft, make_executed, make_new_device, make_sign_off
from tests.factories.reading import make_article, make_tutorial
from tests.factories.support import make_covered_device, make_ticket, reply

METHODS = ("GET", "PUT", "PATCH", "DELETE", "POST")
OUR_APPS = ("portal", "cms", "customer", "commerce", "support", "integrations", "knox")
# Addresses of Wagtail's own, in names or below /admin/; what they open is Wagtail's business, who may enter is ours.
NOT_OURS = ("wagtailcore_", "wagtail_serve")


@dataclass(frozen=True)
class Things:
    """One buyer with something of everything."""

    buyer: Buyer
    device: Device
    order: Order
    paid: Order
    payment: Payment
    item: InboxItem
    token: AuthToken
    form: SignOff
    signed: SignOff
    photo: SignOffPhoto
    request: Transfer
    deed: Transfer
    ticket: Ticket
    file: Attachment
    upload: Attachment
    pages: dict[type, Page]
    files: dict[str, Any]

    @property
    def name(self) -> str:
        """Of the picture's file."""
        return self.files["image"].get_rendition("width-480").file.name.rpartition("/")[2]

    campaign: Campaign
    article: ArticlePage
    tutorial: TutorialPage

    @property
    def pk(self) -> dict[str, Any]:
        return {"pk": self.device.pk}

    @property
    def number(self) -> dict[str, Any]:
        return {"number": self.order.number}

    @property
    def paid_number(self) -> dict[str, Any]:
        return {"number": self.paid.number}

    @property
    def item_pk(self) -> dict[str, Any]:
        return {"pk": self.item.pk}


Way = Callable[[Things], dict[str, Any]]


def nothing(_things: Things) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Address:
    """What one name in the URL conf promises.

    `ways`: one maker of the address's arguments per pattern of that name. `acts`: the methods that may change
    something. `staff`: what members of staff get, by their permissions. `public`:
    who has not signed in gets these statuses instead of being sent to sign in.
    """

    ways: tuple[Way, ...] = (nothing,)
    reads: bool = True
    acts: tuple[str, ...] = ()
    body: dict[str, Any] = field(default_factory=dict)
    public: dict[str, set[int]] = field(default_factory=dict)
    staff: frozenset[int] = frozenset({403})

    @property
    def allowed(self) -> set[str]:
        return {*self.acts, *(["GET"] if self.reads else [])}


device, order, paid, item = (
    (lambda things: things.pk),
    (lambda things: things.number),
    (lambda things: things.paid_number),
    (lambda things: things.item_pk),
)
form, signed, request_, deed, photo, visit, visit_of_api = (
    (lambda things: {"pk": things.form.pk}),
    (lambda things: {"pk": things.signed.pk}),
    (lambda things: {"pk": things.request.pk}),
    (lambda things: {"pk": things.deed.pk}),
    (lambda things: {"pk": things.form.pk, "photo": things.photo.pk}),
    (lambda things: {"pk": things.form.visit}),
    (lambda things: {"visit": things.form.visit}),
)
ticket, file, upload = (
    (lambda things: {"number": things.ticket.number}),
    (lambda things: {"pk": things.file.pk}),
    (lambda things: {"pk": things.upload.pk}),
)
CONFIRM_VISIT = {"forms": [{"id": 1, "items": ["device_installed"], "all_done": True}], "code": "123456"}


def page(kind: type) -> Way:
    return lambda things: {"pk": things.pages[kind].pk}


CONFIRM = {"items": ["device_installed"], "all_done": True, "code": "123456"}
# For technicians, on their own phone: tests/customer/views/test_sign_off.py says who gets in.
FOR_TECHNICIANS = {"sign_off_in_person", "sign_off_in_person_photo", "visit_in_person"}
# For staff who may see the proofs of notices: tests/admin/test_campaigns.py.
FOR_AUDITORS = {"dossier_pdf", "dossier_record", "dossier_zip"}
ELSEWHERE = FOR_TECHNICIANS | FOR_AUDITORS
PAPERS = frozenset({200, 404})
RENEW = {"choice": "renew", "years": 1}
CONTENT = tuple(f"api:{name}" for name in ("article", "tutorial", "notice", "content"))
READ_ONLY = {"GET": {404}} | {method: {405} for method in ("PUT", "PATCH", "DELETE", "POST")}
MATRIX = {
    # open to everybody
    "healthz": Address(public={"GET": {200}}),
    "readyz": Address(public={"GET": {200, 503}}),
    "metrics": Address(public={"GET": {200, 403, 404}}),
    "brand_css": Address(public={"GET": {200}}),
    "picture": Address(ways=(lambda _things: {"name": "none.png"},), public={"GET": {404}}),
    "media_file": Address(ways=(lambda _things: {"pk": 0},), public={"GET": {404}}),
    "media_poster": Address(ways=(lambda _things: {"pk": 0},), public={"GET": {404}}),
    "stored_media": Address(ways=(lambda _things: {"folder": "media", "name": "none.mp4"},), public={"GET": {404}}),
    "wagtaildocs_serve": Address(ways=(lambda _things: {"pk": 0, "name": "none.pdf"},), public={"GET": {404}}),
    "sitemap": Address(public={"GET": {200}}),
    "robots": Address(public={"GET": {200}}),
    "api:content_preview": Address(ways=(lambda _things: {"token": "abc"},), public=READ_ONLY),
    "login": Address(acts=("POST",), public={method: {200, 302, 401, 403} for method in METHODS}),
    "logout": Address(reads=False, acts=("POST",), public={"POST": {302}}),
    "payment_return": Address(
        ways=(
            lambda _things: {"gateway": "zarinpal"},
            lambda things: {"gateway": "zarinpal", "payment_id": things.payment.pk},
        ),
        acts=("GET", "POST"),
        public={"GET": {303, 404}, "POST": {303, 404}},
    ),
    # Machines come by these; who brings no secret and no signature gets nothing.
    "sms_report": Address(
        ways=(lambda _things: {"provider": "kavenegar", "secret": "guessed"},),
        public={"GET": {404}, "POST": {404}},
    ),
    "whatsapp_event": Address(public={"GET": {403}, "POST": {403}}),
    "api:schema": Address(public={"GET": {200}}),
    "api:docs": Address(public={"GET": {200}}),
    "api:nowhere": Address(public={method: {404} for method in METHODS}),
    # pages
    "dashboard": Address(),
    "profile": Address(),
    "password": Address(acts=("POST",)),
    "correction_new": Address(acts=("POST",)),
    "token_revoke": Address(ways=(lambda things: {"digest": things.token.digest},), reads=False, acts=("POST",)),
    "sign_out_everywhere": Address(acts=("POST",)),
    "device_list": Address(),
    "device_detail": Address(ways=(device,)),
    "device_service": Address(ways=(device,), acts=("POST",)),
    "order_list": Address(),
    "order_detail": Address(ways=(order,)),
    "order_status": Address(ways=(order,)),
    "order_cancel": Address(ways=(order,), acts=("POST",)),
    "order_pay": Address(ways=(order,), acts=("POST",)),
    "order_receipt": Address(ways=(paid,)),
    "inbox": Address(),
    "inbox_read": Address(ways=(item,), acts=("GET",)),
    "inbox_read_all": Address(acts=("POST",)),
    "inbox_acknowledge": Address(ways=(item,), reads=False, acts=("POST",)),
    "sign_off_list": Address(),
    "sign_off_detail": Address(ways=(form,), acts=("POST",)),
    "sign_off_decline": Address(ways=(form,), acts=("POST",)),
    "sign_off_photo": Address(ways=(photo,)),
    "visit": Address(ways=(visit,), acts=("POST",)),
    "sign_off_certificate": Address(ways=(signed,), staff=PAPERS),
    "sign_off_record": Address(ways=(signed,), staff=PAPERS),
    "transfer_list": Address(),
    "transfer_new": Address(acts=("POST",)),
    "transfer_detail": Address(ways=(request_,), acts=("POST",)),
    "transfer_cancel": Address(ways=(request_,), acts=("POST",)),
    "transfer_document": Address(ways=(request_,)),
    "notice_link": Address(ways=(lambda things: {"pk": things.campaign.pk},)),
    "notice_preferences": Address(acts=("POST",)),
    "transfer_deed": Address(ways=(deed,), staff=PAPERS),
    "transfer_record": Address(ways=(deed,), staff=PAPERS),
    "transfer_accept": Address(
        ways=(lambda _things: {"token": "abc"},), acts=("POST",), public={"GET": {404}, "POST": {404}}
    ),
    "ticket_list": Address(),
    "ticket_new": Address(acts=("POST",)),
    "ticket_new_draft": Address(reads=False, acts=("POST",)),
    "ticket_suggestions": Address(),
    "ticket_solved": Address(reads=False, acts=("POST",)),
    "ticket_detail": Address(ways=(ticket,), acts=("GET", "POST")),
    "ticket_news": Address(ways=(ticket,), acts=("GET",)),
    "ticket_draft": Address(ways=(ticket,), reads=False, acts=("POST",)),
    "ticket_close": Address(ways=(ticket,), acts=("POST",)),
    "ticket_reopen": Address(ways=(ticket,), acts=("POST",)),
    "ticket_rate": Address(ways=(ticket,), acts=("POST",)),
    "ticket_print": Address(ways=(ticket,)),
    "ticket_transcript": Address(ways=(ticket,)),
    "upload_begin": Address(reads=False, acts=("POST",)),
    "upload": Address(ways=(upload,), acts=("PATCH", "DELETE")),
    "attachment_file": Address(ways=(file,)),
    "search": Address(),
    "search_suggest": Address(),
    # What a hit leads to is looked up by its number: tests/cms/test_search.py says for whom.
    "search_open": Address(ways=(lambda things: {"pk": things.article.pk},)),
    "verify_form": Address(public={"GET": {200}}),
    "verify_program": Address(public={"GET": {200}}),
    "verify": Address(ways=(lambda things: {"code": things.signed.record.code},), public={"GET": {200}}),
    "page_vote": Address(ways=(lambda things: {"pk": things.article.pk},), reads=False, acts=("POST",)),
    "watch_position": Address(ways=(lambda things: {"pk": things.tutorial.pk},), reads=False, acts=("POST",)),
    # REST face
    "api:verify": Address(ways=(lambda things: {"code": things.signed.record.code},), public={"GET": {200}}),
    "api:sign_off_list": Address(),
    "api:sign_off_detail": Address(ways=(form,)),
    "api:sign_off_code": Address(ways=(form,), reads=False, acts=("POST",)),
    "api:sign_off_confirm": Address(ways=(form,), reads=False, acts=("POST",), body=CONFIRM),
    "api:sign_off_decline": Address(ways=(form,), reads=False, acts=("POST",), body={"reason": "ناتمام"}),
    "api:visit_code": Address(ways=(visit_of_api,), reads=False, acts=("POST",)),
    "api:visit_confirm": Address(ways=(visit_of_api,), reads=False, acts=("POST",), body=CONFIRM_VISIT),
    "api:transfer_list": Address(acts=("POST",), body={"device": 0}),
    "api:transfer_detail": Address(ways=(request_,)),
    "api:transfer_code": Address(ways=(request_,), reads=False, acts=("POST",)),
    "api:transfer_confirm": Address(ways=(request_,), reads=False, acts=("POST",), body={"code": "123456"}),
    "api:transfer_cancel": Address(ways=(request_,), reads=False, acts=("POST",)),
    "api:ticket_list": Address(acts=("POST",), body={"device": 0}),
    "api:ticket_detail": Address(ways=(ticket,)),
    "api:ticket_messages": Address(ways=(ticket,), acts=("GET", "POST"), body={"body": "سلام"}),
    "api:ticket_close": Address(ways=(ticket,), reads=False, acts=("POST",)),
    "api:ticket_reopen": Address(ways=(ticket,), reads=False, acts=("POST",)),
    "api:ticket_rating": Address(ways=(ticket,), reads=False, acts=("POST",), body={"stars": 5}),
    "api:attachments": Address(reads=False, acts=("POST",)),
    "api:attachment": Address(ways=(file,)),
    "api:token": Address(
        reads=False,
        acts=("POST", "DELETE"),
        public={"POST": {400}, "DELETE": {401, 204}} | {method: {401, 405} for method in ("GET", "PUT", "PATCH")},
    ),
    "api:token_list": Address(acts=("DELETE",)),
    "api:token_detail": Address(ways=(lambda things: {"key": things.token.token_key},), reads=False, acts=("DELETE",)),
    "api:me": Address(),
    "api:notice_preferences": Address(
        acts=("PUT",), body={"preferences": [{"kind": "general", "sms": False, "whatsapp": True}]}
    ),
    "api:correction_list": Address(acts=("POST",), body={"field": "city", "proposed": "شیراز"}),
    "api:password": Address(reads=False, acts=("POST",), body={"old": "portal-demo", "new": "نان-و-پنیر-و-سبزی-7"}),
    "api:device_list": Address(),
    "api:device_detail": Address(ways=(device,)),
    "api:device_timeline": Address(ways=(device,)),
    "api:search": Address(),
    "api:service_options": Address(ways=(device,)),
    "api:service_choices": Address(ways=(device,), reads=False, acts=("POST",), body=RENEW),
    "api:order_list": Address(),
    "api:order_detail": Address(ways=(order,)),
    "api:order_cancel": Address(ways=(order,), reads=False, acts=("POST",)),
    "api:order_payments": Address(ways=(order,), reads=False, acts=("POST",)),
    "api:payment_detail": Address(ways=(lambda things: {"pk": things.payment.pk},)),
    # What is behind these is walked in tests/cms/test_privacy_walk.py.
    "api:article_list": Address(),
    "api:article_detail": Address(ways=(page(ArticlePage),)),
    "api:tutorial_list": Address(),
    "api:tutorial_detail": Address(ways=(page(TutorialPage),)),
    "api:notice_list": Address(),
    "api:notice_detail": Address(ways=(page(NoticePage),)),
    "api:content_picture": Address(ways=(lambda things: {"name": things.name},)),
    "api:content_document": Address(ways=(lambda things: {"pk": things.files["document"].pk},)),
    "api:content_media": Address(ways=(lambda things: {"pk": things.files["media"].pk},)),
    "api:content_poster": Address(ways=(lambda things: {"pk": things.files["media"].pk},)),
    "api:inbox": Address(),
    "api:inbox_unread_count": Address(),
    "api:inbox_read_all": Address(reads=False, acts=("POST",)),
    "api:inbox_read": Address(ways=(item,), reads=False, acts=("POST",)),
    "api:inbox_acknowledge": Address(ways=(item,), reads=False, acts=("POST",)),
}


# --- the URL conf ----------------------------------------------------------------------------------------------------


def patterns(resolver: URLResolver, path: str = "", names: tuple[str, ...] = ()):
    """(path, name with its namespaces, pattern) of everything in the URL conf."""
    for pattern in resolver.url_patterns:
        below = path + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield below, ":".join([*names, pattern.name or ""]), pattern
        else:
            yield from patterns(pattern, below, (*names, pattern.namespace) if pattern.namespace else names)


def of_ours() -> Counter[str]:
    """How many patterns each name of our own has; those below /admin/ are walked by themselves."""
    found = [name for path, name, _pattern in patterns(get_resolver()) if not path.startswith("admin/")]
    return Counter(
        name for name in found if not name.startswith(NOT_OURS) and name not in FOR_TECHNICIANS | FOR_AUDITORS
    )


def test_every_address_is_in_the_table():
    assert of_ours() == {name: len(address.ways) for name, address in MATRIX.items()}


# --- people and things -----------------------------------------------------------------------------------------------


def add_photo(form: SignOff) -> SignOffPhoto:
    photo = SignOffPhoto(sign_off=form, item_code="device_installed", sha256="0" * 64, added_at=timezone.now())
    photo.file.save("photo.jpg", ContentFile(b"a picture"))
    return photo


def with_document(transfer: Transfer) -> Transfer:
    transfer.document.save("paper.pdf", ContentFile(b"%PDF-1.7"))
    return transfer


def make_upload(buyer: Buyer) -> Attachment:
    return begin_upload(owner_id=buyer.user_id, name="film.mp4", size=1000, now=timezone.now())


def make_file(sent: Ticket) -> Attachment:
    document = ContentFile(b"%PDF-1.7", name="paper.pdf")
    kept = store_upload(owner_id=sent.buyer.user_id, upload=document, now=timezone.now())
    reply(sent, attachment_ids=[kept.pk])
    return kept


def make_pages(buyer: Buyer) -> tuple[dict[type, Page], dict[str, Any]]:
    """A page of every kind for owners of a model that nobody else owns, and the files on it."""
    model = make_device(buyer).model
    files = {"image": make_image(), "document": make_document(), "media": make_media()}
    body = make_body(*files.values())
    return {kind: make_page(kind, models=[model], body=body) for kind in (ArticlePage, TutorialPage, NoticePage)}, files


def sent_to(buyer: Buyer, **values: Any) -> Campaign:
    """A notice that this buyer was sent."""
    campaign = make_running(
        make_notice(**values), channels=["inbox"], audience=Audience(buyers=(buyer.pk,), is_chosen_only=True)
    )
    fan_out(campaign_id=campaign.pk, now=timezone.now())
    return campaign


def make_things(model, *, with_pages: bool = False) -> Things:
    buyer = make_buyer()
    open_order = make_order(make_expired_device(buyer, model=model), years=2)
    paid_order = make_order(make_expired_device(buyer, model=model), years=1)
    pay(paid_order, reference=f"REF{buyer.pk}")
    notice = Message(kind=InboxItem.Kind.LEGAL, title="اطلاعیه", body="متن", dedupe_key="n", must_acknowledge=True)
    tell(buyer.pk, notice, now=timezone.now())
    waiting = make_sign_off(make_new_device(buyer, model=model))
    asked = make_ticket(device=make_covered_device(buyer, model=model))
    pages, files = make_pages(buyer) if with_pages else ({}, {})
    own = make_expired_device(buyer).model  # of a model that nobody else has
    return Things(
        buyer=buyer,
        device=open_order.device,
        order=open_order,
        paid=paid_order,
        # Paid or failed payments are asked about no more: no call leaves the house.
        payment=make_payment(open_order, status=Payment.Status.MISMATCH),
        item=buyer.inbox.get(dedupe_key="n"),
        token=AuthToken.objects.create(buyer.user)[0],
        form=waiting,
        signed=make_confirmed(make_new_device(buyer, model=model)),
        photo=add_photo(waiting),
        request=with_document(make_draft(make_expired_device(buyer, model=model))),
        deed=make_executed(make_expired_device(buyer, model=model)).transfer,
        ticket=asked,
        file=make_file(asked),
        upload=make_upload(buyer),
        pages=pages,
        files=files,
        campaign=sent_to(buyer, device_models=[own]),
        article=make_article(device_models=[own]),
        tutorial=make_tutorial(
            device_models=[own], media=make_media(), subtitles=make_document("lines.vtt", b"WEBVTT")
        ),
    )


@pytest.fixture
def with_pages(request) -> bool:
    """Whether this case asks for content; pages take a while to make."""
    case = getattr(request.node, "callspec", None)
    return case is not None and str(case.params.get("name")).startswith(CONTENT)


@pytest.fixture
def mine(db, settings, with_pages) -> Things:
    cache.clear()
    settings.OUTBOUND_HOSTS = {"127.0.0.1:9"}
    settings.ZARINPAL_BASE_URL = "http://127.0.0.1:9/zarinpal"
    row = PortalSettings.load()
    row.buyers_change_password = True
    row.save()
    forget_brand()
    model = make_model()
    make_vat()
    make_plans(model)
    return make_things(model, with_pages=with_pages)


@pytest.fixture
def theirs(mine, with_pages) -> Things:
    return make_things(mine.device.model, with_pages=with_pages)


def call(name: str, way: Way, things: Things, method: str, user: User | None):
    """The answer that a person gets: by token in the REST face, by session on the pages."""
    client, headers = Client(raise_request_exception=False), {}
    if user and name.startswith("api:"):
        headers = {"Authorization": f"Bearer {AuthToken.objects.create(user)[1]}"}
    elif user:
        client.force_login(user)
    options = {"headers": headers, "content_type": "application/json", "data": MATRIX[name].body}
    if method == "GET" or not name.startswith("api:"):
        options = {"headers": headers}
    answer = getattr(client, method.lower())(reverse(name, kwargs=way(things)), **options)
    for close in getattr(answer, "_resource_closers", []) if answer.streaming else []:
        close()  # not the answer itself: that would end the connection that the test is in
    return answer


def everything() -> dict[str, list[Any]]:
    """All rows of our own tables, but for what the test's own signing in leaves there."""
    models = [model for app in OUR_APPS for model in apps.get_app_config(app).get_models() if model is not AuthToken]
    columns = {model: [f.attname for f in model._meta.concrete_fields if f.name != "last_login"] for model in models}
    return {model._meta.label: list(model.objects.order_by("pk").values(*columns[model])) for model in models}


def cases(*, public: bool):
    return [
        pytest.param(name, way, id=f"{name}-{number}" if number else name)
        for name, address in MATRIX.items()
        for number, way in enumerate(address.ways)
        if bool(address.public) == public
    ]


for_buyers = pytest.mark.parametrize(("name", "way"), cases(public=False))
for_everybody = pytest.mark.parametrize(("name", "way"), cases(public=True))
owned = [case for case in cases(public=False) if case.values[1] is not nothing]
of_devices = pytest.mark.parametrize(("name", "way"), [case for case in owned if case.values[1] is device])


# --- the matrix ------------------------------------------------------------------------------------------------------


@for_buyers
def test_nobody_else_gets_in(name, way, mine, theirs):
    staff = [*(make_staff(role) for role in Role), make_staff(is_superuser=True, is_staff=True)]
    before = everything()
    for method in METHODS:
        must_sign_in(name, call(name, way, mine, method, None))
    for method in MATRIX[name].allowed:
        for person in staff:
            status = call(name, way, mine, method, person).status_code
            assert status in MATRIX[name].staff, f"{person.groups.first()} {method}"
        if way is not nothing:
            assert call(name, way, theirs, method, mine.buyer.user).status_code == 404, method
    # Staff who may take a paper leave a trace of it.
    assert everything() == before or MATRIX[name].staff == PAPERS


def must_sign_in(name, answer):
    if name.startswith("api:"):
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    else:
        assert answer.status_code == 302
        assert answer.url.startswith(f"{reverse('login')}?next=")


@of_devices
def test_a_former_owner_is_somebody_else(name, way, mine, theirs):
    Device.objects.filter(pk=mine.device.pk).update(owner=theirs.buyer)
    for method in MATRIX[name].allowed:
        assert call(name, way, mine, method, mine.buyer.user).status_code == 404, method


@for_buyers
def test_the_buyer_gets_in(name, way, mine):
    address, person = MATRIX[name], mine.buyer.user
    for method in sorted(METHODS, key=lambda method: method in address.acts):
        before = everything()
        answer = call(name, way, mine, method, person)
        if method in address.allowed:
            # 400: the empty form is shown again with what it lacks.
            assert answer.status_code < 400 or answer.status_code in {400, 409, 503}, (method, name)
        elif name.startswith("api:"):
            assert answer.status_code == 405, method
        assert answer.status_code != 500, method
        if method not in address.acts:
            assert everything() == before, f"{method} changed something"


@for_everybody
def test_what_is_public_answers_everybody(name, way, mine):
    expected = MATRIX[name].public
    for method in METHODS:
        for person in (None, mine.buyer.user, make_staff()):
            status = call(name, way, mine, method, person).status_code
            assert status in expected.get(method, {405}), f"{method} {person}"


# --- the admin -------------------------------------------------------------------------------------------------------

# The way in and out, and what a page without a person in it is made of.
BEFORE_SIGN_IN = tuple(
    f"wagtailadmin_{name}" for name in ("login", "logout", "password_reset", "sprite", "javascript_catalog")
)


def admin_paths() -> list[str]:
    """Every address below /admin/, Wagtail's and ours, with something in the place of its arguments."""
    found = set()
    for path, name, pattern in patterns(get_resolver()):
        if path.startswith("admin/") and name and not name.startswith(BEFORE_SIGN_IN):
            found |= addresses_of(name, pattern)
    return sorted(found)


def addresses_of(name: str, pattern: URLPattern) -> set[str]:
    arguments = pattern.pattern.regex.groupindex
    for example in ("1", "00000000-0000-4000-8000-000000000000", "customer", "next"):
        try:
            return {reverse(name, kwargs=dict.fromkeys(arguments, example))}
        except NoReverseMatch:
            continue
    return set()


def test_no_buyer_and_no_stranger_enters_the_admin(mine):
    paths = admin_paths()
    assert len(paths) > 100
    buyer, stranger = Client(raise_request_exception=False), Client(raise_request_exception=False)
    buyer.force_login(mine.buyer.user)
    before = everything()
    for path in paths:
        for client in (buyer, stranger):
            for method in ("get", "post"):
                answer = getattr(client, method)(path)
                refused = answer.status_code in {403, 404, 405} or "/login/" in answer.headers.get("Location", "")
                assert refused, f"{method} {path}: {answer.status_code}"
    assert everything() == before
