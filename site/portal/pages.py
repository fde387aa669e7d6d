"""Answers that belong to no app: the brand's stylesheet."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from kernel.palette import brand_stylesheet
from portal.context import current_brand


@require_safe
@login_not_required
@cache_control(public=True, max_age=86_400)
def brand_css(request: HttpRequest) -> HttpResponse:
    """The brand colour as design tokens; the address carries the colour, so it may be kept."""
    return HttpResponse(brand_stylesheet(current_brand().brand_colour), content_type="text/css; charset=utf-8")
