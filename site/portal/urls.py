"""Every address of the house."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.admin.auth import require_admin_access

from customer.admin.account import StaffAccountView
from portal import dashboard, dossier_views, health, pages, paper_views, password, sign_in, transcript, verify

to_the_one_door = login_not_required(RedirectView.as_view(pattern_name="login", query_string=True))

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("brand.css", pages.brand_css, name="brand_css"),
    path("login/", sign_in.sign_in, name="login"),
    path("logout/", sign_in.sign_out, name="logout"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("profile/password/", password.password, name="password"),
    path("api/v1/", include("portal.api_urls")),
    path("sign-offs/<int:pk>/certificate.pdf", paper_views.sign_off_certificate, name="sign_off_certificate"),
    path("sign-offs/<int:pk>/record.json", paper_views.sign_off_record, name="sign_off_record"),
    path("transfers/<int:pk>/deed.pdf", paper_views.transfer_deed, name="transfer_deed"),
    path("transfers/<int:pk>/record.json", paper_views.transfer_record, name="transfer_record"),
    path("tickets/<slug:number>/transcript.pdf", transcript.ticket_transcript, name="ticket_transcript"),
    path("dossiers/<int:pk>/proof.pdf", dossier_views.dossier_pdf, name="dossier_pdf"),
    path("dossiers/<int:pk>/record.json", dossier_views.dossier_record, name="dossier_record"),
    path("dossiers/<int:pk>/proof.zip", dossier_views.dossier_zip, name="dossier_zip"),
    path("verify/", verify.verify_form, name="verify_form"),
    path("verify/verify_record.py", verify.verify_program, name="verify_program"),
    path("verify/<str:code>/", verify.verify, name="verify"),
    path("", include("integrations.urls")),
    path("", include("customer.urls")),
    path("", include("commerce.urls")),
    path("", include("support.urls")),
    path("admin/login/", to_the_one_door),
    path("admin/account/", never_cache(require_admin_access(StaffAccountView.as_view()))),
    path("admin/", include(wagtailadmin_urls)),
    path("", include("cms.urls")),
]

handler400 = "portal.api.bad_request"
handler500 = "portal.api.server_error"
