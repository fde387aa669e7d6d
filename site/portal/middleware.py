"""What holds for every page: private answers are not kept, and a refusal becomes a message."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from kernel.refused import Refused, Throttled

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class PrivatePagesMiddleware:
    """Pages of a signed-in person are kept by no cache; the admin gets its own, looser content policy."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        directives = settings.ADMIN_CONTENT_SECURITY_POLICY
        self.admin_policy = "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated and "Cache-Control" not in response:
            add_never_cache_headers(response)
        if request.path.startswith(("/admin/", "/api/v1/docs/")):
            response.headers["Content-Security-Policy"] = self.admin_policy
        return response


class RefusedMiddleware:
    """A refused rule on a page: the message is shown where the person came from, or on a page of its own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        if isinstance(exception, Throttled):
            response = render(request, "429.html", {"refused": exception}, status=429)
            response.headers["Retry-After"] = str(exception.retry_after)
            return response
        back = exception.next_url or request.headers.get("Referer", "")
        if request.method == "POST" and url_has_allowed_host_and_scheme(back, {request.get_host()}):
            messages.error(request, exception.message)
            return redirect(back)
        return render(request, "refused.html", {"refused": exception}, status=exception.status)
