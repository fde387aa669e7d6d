"""The one way in which a verb says no."""

from __future__ import annotations


class Refused(Exception):
    """Something a person may cause and may mend: shown to them as it is, never logged as an error.

    `message` is already translated. `code` is stable and meant for programs (`renewal.already_paid`). `next_label` and
    `next_url` name the way on; `field` the form field at fault, if one is.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 409,
        next_label: str = "",
        next_url: str = "",
        field: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.next_label = next_label
        self.next_url = next_url
        self.field = field


class Throttled(Refused):
    """Too many tries; `retry_after` is the number of whole seconds to wait."""

    def __init__(self, message: str, *, retry_after: int, code: str = "throttled") -> None:
        super().__init__(code, message, status=429)
        self.retry_after = retry_after
