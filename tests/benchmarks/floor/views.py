"""A page of each shape, done the plainest way."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from rest_framework.generics import ListAPIView
from rest_framework.serializers import ModelSerializer

from tests.benchmarks.floor.models import Row

IN_A_LIST = 25


def one(request: HttpRequest) -> HttpResponse:
    """An indexed SELECT and a template."""
    return render(request, "floor/one.html", {"row": Row.objects.get(number=500)})


@login_required
def auth_one(request: HttpRequest) -> HttpResponse:
    """Session, user, one row."""
    return render(request, "floor/one.html", {"row": Row.objects.get(number=500), "person": request.user.username})


@login_required
def auth_list25(request: HttpRequest) -> HttpResponse:
    """Session, user, 25 rows with dates."""
    rows = Row.objects.filter(owner=request.user)[:IN_A_LIST]
    return render(request, "floor/list.html", {"rows": rows, "person": request.user.username})


class RowSerializer(ModelSerializer):
    class Meta:
        model = Row
        fields = ["id", "number", "title", "status", "amount_rial", "starts_on", "ends_on", "created_at"]


class ApiList25(ListAPIView):
    """25 rows through DRF."""

    queryset = Row.objects.filter(number__lt=IN_A_LIST)
    serializer_class = RowSerializer


class RowForm(forms.Form):
    title = forms.CharField(max_length=80)
    amount_rial = forms.IntegerField(min_value=0)


def post_insert(request: HttpRequest) -> HttpResponse:
    """A form whose one effect is a row."""
    form = RowForm(request.POST or None)
    if form.is_valid():
        now = timezone.now()
        with transaction.atomic():
            Row.objects.create(
                **form.cleaned_data, number=1_000_000, starts_on=now.date(), ends_on=now.date(), created_at=now
            )
        return redirect("one")
    return render(request, "floor/form.html", {"form": form})
