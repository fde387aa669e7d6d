"""What every installation shares. What differs comes from environment variables, read in this package only."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

ROOT = Path(__file__).resolve().parents[3]
VAR = ROOT / "var"
env = environ.Env()

# --- the house -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal",
    "cms",
    "support",
    "commerce",
    "customer",
    "integrations",
    "wagtail_modeladmin",
    "wagtailmedia",
    "wagtail.contrib.typed_table_block",
    "wagtail.contrib.settings",
    "wagtail.contrib.redirects",
    "wagtail.sites",
    "customer.admin.apps.StaffConfig",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_structlog",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cms.page_cache.OpenPagesMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.cors.CrossOriginMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.PrivatePagesMiddleware",
    "portal.middleware.RefusedMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.brand",
                "portal.context.signed_in",
            ],
        },
    },
]

# --- language, dates -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fa"
LANGUAGES = [("fa", "فارسی")]
# The second holds what Wagtail's and wagtailmedia's own Persian leaves out.
LOCALE_PATHS = [ROOT / "site" / "locale", ROOT / "site" / "locale_admin"]
TIME_ZONE = "Asia/Tehran"
USE_TZ = True
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES

# --- people --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "customer.User"
AUTHENTICATION_BACKENDS = ["customer.auth.PortalBackend"]
PASSWORD_HASHERS = ["customer.auth.PortalArgon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
STAFF_SESSION_AGE = timedelta(hours=12)
SIGN_IN_LIMITS: dict[str, Any] = {"account": 5, "address": 50, "window": timedelta(minutes=15)}

# Number of reverse proxies whose X-Forwarded-For entry is believed (0: the connection's own address counts).
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

# --- browser safety ------------------------------------------------------------------------------------------------
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"  # "same-origin" is refused by Iranian bank pages
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "EXCLUDE_URL_PREFIXES": ("/admin/", "/api/v1/docs/"),
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
    },
}
# Where videos of other sites may come from: host (without www) → the address of its player. Nothing else is framed.
VIDEO_EMBEDS: dict[str, str] = env.json(
    "VIDEO_EMBEDS", default={"aparat.com": "https://www.aparat.com/video/video/embed/videohash/{id}/vt/frame"}
)
PLAYERS = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(player)) for player in VIDEO_EMBEDS.values()})
CONTENT_SECURITY_POLICY["DIRECTIVES"]["frame-src"] = PLAYERS or [NONE]
# Wagtail's page editor and the API's documentation page carry inline pieces of their own.
ADMIN_CONTENT_SECURITY_POLICY = {
    "default-src": [SELF],
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF, "data:"],
    "frame-src": [SELF, *PLAYERS],
    "object-src": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
    "form-action": [SELF],
}

# --- files ---------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_BUILD = VAR / "static-build"
PAPER_FONTS = VAR / "paper-fonts"
STATICFILES_DIRS = [ROOT / "site" / "static", STATIC_BUILD]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR / "media"
PRIVATE_ROOT = VAR / "private"
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": PRIVATE_ROOT}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_BUILD.mkdir(parents=True, exist_ok=True)
# Where nginx finds private files when an answer names one (X-Accel-Redirect); empty: the portal sends the bytes itself.
X_ACCEL_PREFIX = env("X_ACCEL_PREFIX", default="")
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576  # what is larger lies on the disk while it comes in

# --- e-mail --------------------------------------------------------------------------------------------------------
# The house sends none: what waits for a member of staff stands on the first page of the admin.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# --- Wagtail -------------------------------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = _("Buyer portal")
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False  # customer.admin.account has a panel that leaves a trace
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILADMIN_COMMENTS_ENABLED = False
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
WAGTAIL_USER_TIME_ZONES = [TIME_ZONE]
WAGTAILDOCS_SERVE_METHOD = "serve_view"
# What editors may upload; cms.uploads looks at the content too.
WAGTAILDOCS_EXTENSIONS = ["pdf", "docx", "xlsx", "pptx", "txt", "csv", "vtt", "zip", "7z", "exe", "msi", "bin", "hex"]
WAGTAILDOCS_CONTENT_TYPES = {"vtt": "text/vtt", "7z": "application/x-7z-compressed"}
WAGTAILDOCS_DOCUMENT_FORM_BASE = "cms.uploads.DocumentForm"
WAGTAIL_PRIVATE_PAGE_OPTIONS = WAGTAILDOCS_PRIVATE_COLLECTION_OPTIONS = {"SHARED_PASSWORD": False}
WAGTAILIMAGES_IMAGE_FORM_BASE = "cms.uploads.ImageForm"
WAGTAILIMAGES_EXTENSIONS = ["jpg", "jpeg", "png", "gif", "webp"]  # no SVG: it can carry scripts
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 10 * 1024 * 1024
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 25_000_000  # a hundred megabytes while a PNG is open
WAGTAILMEDIA = {
    "VIDEO_EXTENSIONS": ["mp4", "webm", "m4v"],
    "AUDIO_EXTENSIONS": ["mp3", "ogg"],
    "MEDIA_FORM_BASE": "cms.uploads.MediaForm",
}
WAGTAILADMIN_BASE_URL = env("PUBLIC_URL", default="http://127.0.0.1:8000")
# Search asks the database itself, or an engine outside: SEARCH_URL=https://user:password@host:9200 with
# SEARCH_ENGINE=opensearch3 (opensearch2, elasticsearch8, elasticsearch9) and the engine's client installed.
SEARCH_URL = env("SEARCH_URL", default="")
SEARCH_ENGINE = env("SEARCH_ENGINE", default="opensearch3")
WAGTAILSEARCH_BACKENDS: dict[str, Any] = {
    "default": (
        {"BACKEND": f"wagtail.search.backends.{SEARCH_ENGINE}", "URLS": [SEARCH_URL], "INDEX_PREFIX": "portal_"}
        if SEARCH_URL
        # Words come in one form already: the database shall not bend them after English rules.
        else {"BACKEND": "wagtail.search.backends.database", "SEARCH_CONFIG": "simple"}
    )
}
# Who else answers a search, beside articles, tutorials and notices: functions (user, asked) → kernel.found.Group; the
# function's name is the group's.
SEARCH_SOURCES = ["customer.searching.devices", "support.searching.tickets"]
SEARCH_LIMITS: dict[str, Any] = {"search": 60, "suggest": 300, "window": timedelta(minutes=1)}
WAGTAILEMBEDS_FINDERS: list[dict[str, str]] = []  # nobody is asked about an address: see cms.embeds
CONTENT_CACHE_SECONDS = 300
CONTENT_STALE_MONTHS = env.int("CONTENT_STALE_MONTHS", default=12)  # after which a page should be looked at again
SEARCHES_KEPT = 5_000  # rows of what was looked for, for the report on searches without result

# --- API -----------------------------------------------------------------------------------------------------------
# Wagtail's admin pages use DRF too: what is the buyers' own stands in customer.api.access, not here.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.problem",
}
# Origins whose scripts may call the REST face with a token, e.g. https://app.example.ir, with commas; none: no CORS.
CORS_ORIGINS = env.list("CORS_ORIGINS", default=[])
PREVIEW_LIFETIME = timedelta(minutes=30)
API_LIMITS: dict[str, Any] = {"person": 120, "files": 1200, "anonymous": 30, "window": timedelta(minutes=1)}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(days=30),
    "TOKEN_LIMIT_PER_USER": 20,
    "AUTO_REFRESH": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Buyer portal API",
    "VERSION": "1",
    "DESCRIPTION": (
        "Everything a buyer can do on the pages, for programs. Money is integer rial (`*_rial`), days are ISO dates "
        "with a Jalali twin (`*_jalali`), moments are UTC, words of a list have a Persian twin (`*_label`). Every "
        "refusal is a problem document (RFC 9457): go by its `code`, show its `detail`."
    ),
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "PREPROCESSING_HOOKS": ["portal.api_schema.only_public_paths"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "portal.api_schema.document_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "CorrectionStatus": "customer.models.CorrectionRequest.Status",
        "OrderStatus": "commerce.models.Order.Status",
        "PaymentStatus": "commerce.models.Payment.Status",
        "CorrectionField": "customer.models.CorrectionRequest.Field",
        "IdentifierKind": "customer.models.Device.IdentifierKind",
        "InboxKind": "customer.models.InboxItem.Kind",
        "NoticeKind": "cms.models.NoticePage.Kind",
        "OrderKind": "commerce.models.Order.Kind",
        "ServiceChoice": "customer.models.ServiceChoice.Choice",
        "TicketImportance": "support.models.Ticket.Importance",
        "TicketStatus": "support.models.Ticket.Status",
        "ServiceMode": "customer.rules.ServiceMode",
        "ServiceStatus": "customer.rules.ServiceStatus",
    },
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- rules of the domain that an installation may tune -------------------------------------------------------------
ORDER_LIFETIME = timedelta(hours=24)
PAYMENT_SESSION_LIFETIME = timedelta(minutes=30)
# Generous: many buyers may share one address.
PAYMENT_RETURN_LIMITS: dict[str, Any] = {"address": 120, "window": timedelta(minutes=1)}
# Seconds after which a payment in doubt is asked about again; after the last one, hourly.
PAYMENT_RECHECK_SECONDS = [5, 15, 30, 60, 120, 240, 600, 900, 1800]
TRANSFER_BLOCKERS = [
    "customer.transfer_blockers.blockers",
    "commerce.transfer.blockers",
    "support.transfer.blockers",
]
TRANSFER_EFFECTS = ["commerce.transfer.drop_open_orders", "support.transfer.close_open_tickets"]
TRANSFER_COOLING_OFF = timedelta(hours=env.int("TRANSFER_COOLING_OFF_HOURS", default=0))
TRANSFER_NEEDS_ACCEPTANCE = env.bool("TRANSFER_NEEDS_ACCEPTANCE", default=False)
# Who may open a ticket: functions of a support.rules.GateQuestion, the first that shuts decides.
TICKET_GATES = ["support.rules.cover_gate"]
TICKET_PRICE_BAND = ""  # the function that knows what a case costs: device → support.rules.PriceBand or None
# What to read before asking: functions (text, device, buyer) → list of support.suggestions.Suggestion.
TICKET_SUGGESTIONS = ["portal.desk_articles.articles"]
# For the agents: functions (text, ticket) → suggestions to link, and (ticket, user) → the draft of an article.
TICKET_ARTICLE_SEARCH = "portal.desk_articles.search"
TICKET_ARTICLE_DRAFT = "portal.desk_articles.draft"
TICKET_LIMITS: dict[str, Any] = {"buyer": 10, "window": timedelta(hours=1)}
MESSAGE_LIMITS: dict[str, Any] = {"buyer": 60, "window": timedelta(hours=1)}
TICKET_UNDO = timedelta(seconds=10)  # what staff send can be taken back so long
TICKET_REOPEN_WINDOW = timedelta(days=env.int("TICKET_REOPEN_DAYS", default=14))
# A buyer's silence after an answer: days until he is reminded, and until the ticket is closed after that.
TICKET_WARN_AFTER = timedelta(days=env.int("TICKET_WARN_DAYS", default=7))
TICKET_CLOSE_AFTER_WARNING = timedelta(days=env.int("TICKET_CLOSE_DAYS", default=3))
ATTACHMENT_LIMITS: dict[str, Any] = {
    "bytes": 10 * 1024 * 1024,
    "recording_bytes": 100 * 1024 * 1024,  # video and sound
    "per_message": 5,
    "open_uploads": 20,  # announced and not finished, per person
    "buyer_bytes": 500 * 1024 * 1024,  # of all that a buyer has sent in within the time below
    "buyer_window": timedelta(days=30),
    "chunk_bytes": 1024 * 1024,
    "orphan_age": timedelta(hours=24),
}
CLAMAV_SOCKET = env("CLAMAV_SOCKET", default="")  # clamd: a path, or host:port; without it files are "not scanned"
VERIFY_LIMITS: dict[str, Any] = {"address": 30, "window": timedelta(minutes=1)}
# The organisation's certificate (PKCS #12) that signs papers after the house's own seal; without it, the seal must do.
PADES_PKCS12 = env("PADES_PKCS12", default="")
PADES_PASSWORD = env("PADES_PASSWORD", default="")
# Who means rows of the catalogue that no key of the database protects: functions (row) → whether it must stay.
CATALOGUE_USES = ["cms.catalogue_uses.is_used"]
# Who is told the head of the chain of records every day, and at once when it is broken: mobiles, with commas.
MANAGER_PHONES = env.list("MANAGER_PHONES", default=[])
TIMELINE_SOURCES = [
    "customer.queries.device_events",
    "commerce.queries.device_events",
    "support.queries.device_events",
]
# What has to know of a message being opened or acknowledged; and who knows what took a signed record's place, by kind.
INBOX_EFFECTS = ["cms.services.reading.note_inbox"]
RECORD_SUCCESSORS = {"notice": "cms.services.dossier.successor_of"}
# Notices: messages a minute at most; hours of rest by Tehran's clocks, by kind; which channel comes after one that
# failed, after how long; what one part of an SMS costs, for the estimate before sending.
NOTICE_THROTTLE_PER_MINUTE = env.int("NOTICE_THROTTLE_PER_MINUTE", default=1200)
NOTICE_QUIET_HOURS: dict[str, tuple[str, str]] = {
    "default": (env("NOTICE_QUIET_FROM", default="22:00"), env("NOTICE_QUIET_UNTIL", default="08:00"))
}
NOTICE_FALLBACK = {
    "legal": ["whatsapp", "sms", "task"],
    "terms_change": ["whatsapp", "sms", "task"],
    "software_update": ["whatsapp", "sms"],
    "general": ["whatsapp", "sms"],
}
NOTICE_FALLBACK_WAIT = timedelta(minutes=env.int("NOTICE_FALLBACK_WAIT_MINUTES", default=10))
NOTICE_SMS_PART_RIAL = env.int("NOTICE_SMS_PART_RIAL", default=1_900)
NOTICE_WHATSAPP_LANGUAGE = env("NOTICE_WHATSAPP_LANGUAGE", default="fa")
NOTICE_LEASE = timedelta(seconds=180)
NOTICE_BATCH = 200  # text messages in hand at once; providers have limits of their own
# Recipients in one signed record of a proof, and rows of them on its paper.
NOTICE_DOSSIER_PART = 500
NOTICE_PAPER_ROWS = 200
# The tables under a record's read page in the admin: model → functions (record, request) → Section or None.
ADMIN_SECTIONS = {
    "customer.buyer": [
        "customer.admin.sections.devices_of_buyer",
        "customer.admin.paper_sections.sign_offs_of_buyer",
        "customer.admin.paper_sections.transfers_of_buyer",
        "customer.admin.paper_sections.ownerships_of_buyer",
        "commerce.admin.sections.orders_of_buyer",
        "commerce.admin.sections.account_of_buyer",
        "customer.admin.sections.choices_of_buyer",
        "customer.admin.sections.corrections_of_buyer",
        "customer.admin.sections.messages_about_buyer",
        "customer.admin.paper_sections.paper_messages_about_buyer",
        "customer.admin.sections.traces_of_buyer",
    ],
    "customer.device": [
        "customer.admin.sections.periods_of_device",
        "customer.admin.paper_sections.sign_offs_of_device",
        "customer.admin.paper_sections.transfers_of_device",
        "customer.admin.paper_sections.ownerships_of_device",
        "commerce.admin.sections.orders_of_device",
        "customer.admin.sections.choices_of_device",
        "customer.admin.sections.traces_of_device",
    ],
    "customer.signoff": [
        "customer.admin.paper_sections.items_of_sign_off",
        "customer.admin.paper_sections.record_of_sign_off",
        "customer.admin.paper_sections.codes_of_sign_off",
        "customer.admin.paper_sections.messages_about_sign_off",
        "customer.admin.paper_sections.traces_of_sign_off",
    ],
    "customer.transfer": [
        "customer.admin.paper_sections.blockers_of_transfer",
        "customer.admin.paper_sections.periods_of_transfer",
        "commerce.admin.sections.account_of_transfer",
        "commerce.admin.sections.orders_of_transfer",
        "customer.admin.paper_sections.record_of_transfer",
        "customer.admin.paper_sections.codes_of_transfer",
        "customer.admin.paper_sections.ownerships_of_transfer",
        "customer.admin.paper_sections.messages_about_transfer",
        "customer.admin.paper_sections.traces_of_transfer",
    ],
    "customer.servicechoice": ["customer.admin.sections.messages_about_choice"],
    "cms.campaign": [
        "cms.admin.campaign.figures_of_campaign",
        "cms.admin.campaign.dossiers_of_campaign",
        "cms.admin.campaign.traces_of_campaign",
    ],
    "cms.campaigndelivery": ["cms.admin.delivery.attempts_of_delivery"],
    "commerce.order": [
        "commerce.admin.sections.lines_of_order",
        "commerce.admin.sections.payments_of_order",
        "commerce.admin.sections.messages_about_order",
    ],
}

# --- the outside world ---------------------------------------------------------------------------------------------
PUBLIC_URL = env("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
PAYMENT_GATEWAYS = env.list("PAYMENT_GATEWAYS", default=["zarinpal"])
ZARINPAL_BASE_URL = env("ZARINPAL_BASE_URL", default="https://payment.zarinpal.com").rstrip("/")
ZARINPAL_MERCHANT_ID = env("ZARINPAL_MERCHANT_ID", default="")
# Where a gateway's page may send the browser on; every bank of Iran has its payment page under shaparak.ir.
PAYMENT_PAGES = env.list("PAYMENT_PAGES", default=["https://*.zarinpal.com", "https://*.shaparak.ir"])
SMS_PROVIDER = env("SMS_PROVIDER", default="kavenegar")
KAVENEGAR_BASE_URL = env("KAVENEGAR_BASE_URL", default="https://api.kavenegar.com").rstrip("/")
KAVENEGAR_API_KEY = env("KAVENEGAR_API_KEY", default="")
KAVENEGAR_SENDER = env("KAVENEGAR_SENDER", default="")
KAVENEGAR_LOCALID_OFFSET = env.int("KAVENEGAR_LOCALID_OFFSET", default=0)
# In the order in which they are tried; the next one only where the one before has certainly sent nothing.
SMS_PROVIDERS = env.list("SMS_PROVIDERS", default=[SMS_PROVIDER])
SMSIR_BASE_URL = env("SMSIR_BASE_URL", default="https://api.sms.ir").rstrip("/")
SMSIR_API_KEY = env("SMSIR_API_KEY", default="")
SMSIR_LINE = env("SMSIR_LINE", default="")
SMSIR_UNIT_RIAL = env.int("SMSIR_UNIT_RIAL", default=0)  # what one of its units of credit costs; 0: not known
SMS_LOW_CREDIT_RIAL = env.int("SMS_LOW_CREDIT_RIAL", default=2_000_000)
# The secret part of the address at which each provider reports deliveries; empty: it cannot.
SMS_HOOK_SECRETS: dict[str, str] = {
    "kavenegar": env("KAVENEGAR_HOOK_SECRET", default=""),
    "smsir": env("SMSIR_HOOK_SECRET", default=""),
}
WHATSAPP_PROVIDER = env("WHATSAPP_PROVIDER", default="")  # "cloud", or nothing: off
WHATSAPP_BASE_URL = env("WHATSAPP_BASE_URL", default="https://graph.facebook.com").rstrip("/")
WHATSAPP_API_VERSION = env("WHATSAPP_API_VERSION", default="v26.0")
WHATSAPP_NUMBER_ID = env("WHATSAPP_NUMBER_ID", default="")
WHATSAPP_TOKEN = env("WHATSAPP_TOKEN", default="")
WHATSAPP_APP_SECRET = env("WHATSAPP_APP_SECRET", default="")
WHATSAPP_VERIFY_TOKEN = env("WHATSAPP_VERIFY_TOKEN", default="")
# Providers call from few addresses, in floods after a notice; whoever guesses secrets is stopped soon.
HOOK_LIMITS: dict[str, Any] = {"address": 30_000, "forged": 30, "window": timedelta(minutes=1)}
# Functions that get the new reports, in the transaction that keeps them.
DELIVERY_REPORT_HANDLERS = ["cms.services.delivery_report.note_reports"]
# The messages whose words the house may write itself: name, built-in file, placeholders with an example of each.
MESSAGE_TEMPLATES: dict[str, dict[str, Any]] = {
    "renewal_paid": {
        "label": _("Renewal paid"),
        "file": "commerce/messages/renewal_paid.txt",
        "placeholders": {
            "name": "سارا رضایی",
            "device": "ماهان M4",
            "day": "۱۵ آذر ۱۴۰۶",
            "receipt": "R-1405-000123",
        },
    },
    "credit_noted": {
        "label": _("Payment kept as credit"),
        "file": "commerce/messages/credit_noted.txt",
        "placeholders": {"name": "سارا رضایی", "amount": "۱۲٬۵۰۰٬۰۰۰ تومان", "number": "1405-000123"},
    },
    "ticket_answered": {
        "label": _("Ticket answered"),
        "file": "support/messages/answered.txt",
        "placeholders": {
            "name": "سارا رضایی",
            "number": "1405-000123",
            "link": "https://portal.example.ir/tickets/1405-000123/#m57",
        },
    },
    "ticket_warned": {
        "label": _("Ticket will be closed soon"),
        "file": "support/messages/warned.txt",
        "placeholders": {
            "name": "سارا رضایی",
            "number": "1405-000123",
            "link": "https://portal.example.ir/tickets/1405-000123/",
        },
    },
    "ticket_overdue": {
        "label": _("Ticket overdue (to managers)"),
        "file": "support/messages/overdue.txt",
        "placeholders": {"number": "1405-000123", "importance": "فوری", "assignee": "سهیل آذری"},
    },
    "code": {
        "label": _("Confirmation code"),
        "file": "customer/messages/code.txt",
        "placeholders": {"digits": "۴۸۱۲۷۷"},
    },
    "transfer_accept": {
        "label": _("Link for a new owner"),
        "file": "customer/messages/transfer_accept.txt",
        "placeholders": {
            "owner": "سارا رضایی",
            "device": "ماهان M4",
            "link": "https://portal.example.ir/transfers/accept/hWq3nO0vXcP4d5sTgK1m7Q/",
        },
    },
    "low_credit": {
        "label": _("SMS credit is low"),
        "file": "integrations/messages/low_credit.txt",
        "placeholders": {"provider": "کاوه‌نگار", "credit": "۱۸۰٬۰۰۰ تومان"},
    },
}
CRM_PROVIDER = env("CRM_PROVIDER", default="didar")
DIDAR_BASE_URL = env("DIDAR_BASE_URL", default="https://app.didar.me/api").rstrip("/")
DIDAR_API_KEY = env("DIDAR_API_KEY", default="")
DIDAR_PIPELINE_ID = env("DIDAR_PIPELINE_ID", default="")
DIDAR_STAGE_ID = env("DIDAR_STAGE_ID", default="")
DIDAR_PRICE_UNIT = env("DIDAR_PRICE_UNIT", default="rial")
PROVIDER_TIMEOUT_SECONDS: float | None = env.float("PROVIDER_TIMEOUT_SECONDS", default=0) or None


def hosts_of(*urls: str) -> set[str]:
    """`host:port` of each address: the only places that the product may call."""
    parts = [urlsplit(url) for url in urls]
    return {f"{p.hostname}:{p.port or (443 if p.scheme == 'https' else 80)}" for p in parts}


def form_targets(*urls: str) -> list[str]:
    """Where a form may lead, redirects included (so Chromium reads `form-action`): here, and to these payment pages."""
    return [SELF, *("{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls)]


CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] = form_targets(ZARINPAL_BASE_URL, *PAYMENT_PAGES)
OUTBOUND_HOSTS = hosts_of(ZARINPAL_BASE_URL, DIDAR_BASE_URL)
OUTBOUND_HOSTS |= hosts_of(KAVENEGAR_BASE_URL) if "kavenegar" in SMS_PROVIDERS else set()
OUTBOUND_HOSTS |= hosts_of(SMSIR_BASE_URL) if "smsir" in SMS_PROVIDERS else set()
OUTBOUND_HOSTS |= hosts_of(WHATSAPP_BASE_URL) if WHATSAPP_PROVIDER else set()

# All that leaves the house: topic → the function that delivers it.
OUTBOX_HANDLERS = {
    "crm.buyer": "customer.deliveries.tell_crm_of_buyer",
    "crm.choice": "customer.deliveries.tell_crm_of_choice",
    "crm.order": "commerce.deliveries.tell_crm_of_order",
    "notify.renewal_paid": "commerce.deliveries.notify_renewal_paid",
    "notify.credit_noted": "commerce.deliveries.notify_credit_noted",
    "sms.code": "customer.paper_deliveries.send_code",
    "sms.low_credit": "integrations.credit.send_alarm",
    "sms.chain_head": "customer.chain_deliveries.send_chain_head",
    "notify.sign_off_ready": "customer.paper_deliveries.notify_sign_off_ready",
    "notify.sign_off_reminder": "customer.paper_deliveries.notify_sign_off_reminder",
    "notify.sign_off_confirmed": "customer.paper_deliveries.notify_sign_off_confirmed",
    "crm.sign_off": "customer.paper_deliveries.tell_crm_of_sign_off",
    "notify.transfer_submitted": "customer.paper_deliveries.notify_transfer_submitted",
    "notify.transfer_pending": "customer.paper_deliveries.notify_transfer_pending",
    "notify.transfer_accepted": "customer.paper_deliveries.notify_transfer_answered",
    "notify.transfer_declined": "customer.paper_deliveries.notify_transfer_answered",
    "notify.transfer_cancelled": "customer.paper_deliveries.notify_transfer_cancelled",
    "notify.transfer_refused": "customer.paper_deliveries.notify_transfer_refused",
    "notify.transfer_executed": "customer.paper_deliveries.notify_transfer_executed",
    "crm.transfer": "customer.paper_deliveries.tell_crm_of_transfer",
    "crm.ticket": "support.deliveries.tell_crm_of_ticket",
    "notify.ticket_opened": "support.deliveries.notify_opened",
    "notify.ticket_replied": "support.deliveries.notify_replied",
    "notify.ticket_assigned": "support.deliveries.notify_assigned",
    "notify.ticket_overdue": "support.deliveries.notify_overdue",
    "sms.ticket_overdue": "support.deliveries.sms_overdue",
    "notify.ticket_answered": "support.deliveries.notify_answered",
    "whatsapp.ticket_answered": "support.deliveries.whatsapp_answered",
    "notify.ticket_warned": "support.deliveries.notify_warned",
    "notify.ticket_closed": "support.deliveries.notify_closed",
    "sms.notice_test": "cms.deliveries.send_test",
    "cache.content": "cms.deliveries.forget_kept_pages",
}
# Who among the staff hears of tickets: functions (event, ticket) → None, called by the deliveries.
TICKET_STAFF_CHANNELS: list[str] = []
# Tables whose rows nobody can change or delete, not even by SQL: all of them, or where the condition holds.
FROZEN_TABLES = {
    "customer_trace": "",
    "customer_servicechoice": "",
    "commerce_ledgerentry": "",
    "customer_signingkey": "",
    "customer_signedrecord": "",
    "cms_deliveryattempt": "",
    "cms_dossier": "",
    "integrations_deliveryreport": "",
    "customer_signoff": "OLD.status = 'confirmed'",
    "customer_ownership": "OLD.ended_at IS NOT NULL",
    "customer_transfer": "OLD.status IN ('approved', 'refused', 'cancelled')",
}
# What stays as it was written even in rows that are not frozen yet: of an ownership, only its end may be added.
FIXED_COLUMNS = {"customer_ownership": ("id", "device_id", "owner_id", "began_at", "transfer_id")}
# What may be written in frozen rows, alone: sealed texts, when the field keys are rotated.
FREE_COLUMNS = {"customer_transfer": ("new_national_code",)}
OUTBOX_LEASE = timedelta(seconds=90)
OUTBOX_BELL = False  # wake a Celery worker after each commit; without it the worker looks by itself every second

# --- background work -----------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env("CELERY_BROKER_URL", default="memory://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# No limit: an acknowledgement that a frozen broker did not take would keep its place for ever, and the worker be deaf.
CELERY_WORKER_PREFETCH_MULTIPLIER = 0
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "deliver-outbox": {"task": "integrations.tasks.deliver_outbox", "schedule": 30.0},
    "sweep-payments": {"task": "commerce.tasks.sweep_payments", "schedule": 5.0},
    "recover-unverified": {"task": "commerce.tasks.recover_unverified", "schedule": 180.0},
    "expire-orders": {"task": "commerce.tasks.expire_orders", "schedule": 300.0},
    # Does something once a day only; asked every hour, so that a night that was missed is made up for.
    "publish-chain-head": {"task": "customer.tasks.publish_chain_head", "schedule": 3600.0},
    "send-notices": {"task": "cms.tasks.send_notices", "schedule": 5.0},
    "ask-about-notices": {"task": "cms.tasks.ask_about_notices", "schedule": 60.0},
    "keep-schedule-of-pages": {"task": "cms.tasks.keep_schedule", "schedule": 60.0},
    "check-links": {"task": "cms.tasks.check_links", "schedule": 3600.0},
    "cut-pictures": {"task": "cms.tasks.cut_pictures", "schedule": 5.0},
    "check-sms-credit": {"task": "integrations.tasks.check_sms_credit", "schedule": 900.0},
    "remind-of-papers": {"task": "customer.tasks.remind_of_papers", "schedule": 3600.0},
    "purge-api": {"task": "customer.tasks.purge_api", "schedule": 3600.0},
    "warn-and-close-tickets": {"task": "support.tasks.warn_and_autoclose", "schedule": 900.0},
    "escalate-tickets": {"task": "support.tasks.escalate_breaches", "schedule": 60.0},
    "drop-orphaned-attachments": {"task": "support.tasks.drop_orphans", "schedule": 3600.0},
}

# --- watching ------------------------------------------------------------------------------------------------------
METRICS_TOKEN = env("METRICS_TOKEN", default="")  # who bears it may read /metrics from another machine
# Production lets local addresses of providers through, to rehearse an installation against the stand-ins.
REHEARSAL = env.bool("REHEARSAL", default=False)

# --- logs ----------------------------------------------------------------------------------------------------------
from portal.settings.logs import LOGGING, configure_structlog  # noqa: E402, F401

configure_structlog()
