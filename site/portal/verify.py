"""The public check of a signed record: by its code, on a page and by the REST face, without any personal data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import Door
from customer.models import SignedRecord, SigningKey
from customer.public_check import Check, Verdict, check
from customer.services.record import clean_code
from kernel import signing, verify_record
from kernel.actor import client_ip
from kernel.persian import ascii_digits
from kernel.serializer_fields import JalaliTwinField
from portal.paper_facts import spaced


class VerifyForm(forms.Form):
    """A code as it stands on a paper; Persian digits, small letters, spaces and dashes are welcome."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false", "placeholder": "XXXX-XXXX-XXXX"}
        ),
    )

    def clean_code(self) -> str:
        """The code as it is stored. Raises ValidationError for what can be none."""
        code = clean_code(ascii_digits(self.cleaned_data["code"]))
        if not (code.isascii() and code.isalnum()):
            raise forms.ValidationError(_("A code has letters and digits only."))
        return code


@require_safe
@login_not_required
def verify_form(request: HttpRequest) -> HttpResponse:
    """Takes a typed code."""
    form = VerifyForm(request.GET if "code" in request.GET else None)
    if form.is_valid():
        return redirect("verify", code=form.cleaned_data["code"])
    return _page(request, form=form, status=400 if form.is_bound else 200)


@require_safe
@login_not_required
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """The answer to a code. Raises Throttled."""
    found = check(code, address=client_ip(request) or "")
    if found is None:
        return _page(request, form=VerifyForm(initial={"code": code[:40]}), is_unknown=True, status=404)
    return _page(request, form=VerifyForm(), found=found, code=spaced(found.code))


@require_safe
@login_not_required
def verify_program(_request: HttpRequest) -> HttpResponse:
    """The program that checks a paper offline, exactly as this server runs it."""
    headers = {
        "Content-Disposition": 'attachment; filename="verify_record.py"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "public, max-age=3600",
    }
    source = Path(verify_record.__file__).read_bytes()
    return HttpResponse(source, content_type="text/x-python; charset=utf-8", headers=headers)


def _page(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    current = signing.public_key()
    older = SigningKey.objects.exclude(public_key=current).order_by("-since").values_list("public_key", flat=True)
    response = render(request, "portal/verify.html", {**context, "public_keys": [current, *older]}, status=status)
    add_never_cache_headers(response)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


class CheckSerializer(serializers.Serializer[Check]):
    valid = serializers.SerializerMethodField(help_text="Genuine and in force.")
    status = serializers.ChoiceField(Verdict.choices, source="verdict")
    status_label = serializers.CharField(source="verdict.label")
    kind = serializers.ChoiceField(SignedRecord.Kind.choices)
    kind_label = serializers.CharField(source="kind.label")
    confirmed_on = serializers.DateField()
    confirmed_on_jalali = JalaliTwinField(source="confirmed_on")
    device_model = serializers.CharField()
    sha256 = serializers.CharField()
    key_id = serializers.CharField()
    public_key = serializers.CharField()
    superseded_by = serializers.CharField(help_text="The code of the form that corrects this one, or empty.")

    def get_valid(self, found: Check) -> bool:
        return found.verdict == Verdict.VALID


class VerifyView(Door):
    """Whether the record of a code is genuine and in force. Public; tells no personal data."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="verify", responses=CheckSerializer, auth=[])
    def get(self, request: Request, code: str) -> Response:
        found = check(code, address=client_ip(request) or "")
        if found is None:
            raise NotFound
        return Response(CheckSerializer(found).data)
