"""HTML without a template engine: `$names` are filled in, everything that is not Html is escaped."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from string import Template

TEHRAN = timezone(timedelta(hours=3, minutes=30))
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def html(template: str, **values: object) -> Html:
    """The template with its `$names` filled in, escaped unless they are Html."""
    filled = {name: value if isinstance(value, Html) else escape(str(value)) for name, value in values.items()}
    return Html(Template(template).substitute(filled))


def join(parts: Iterable[Html]) -> Html:
    """Pieces of HTML one after the other."""
    return Html("\n".join(parts))


def persian(value: object) -> str:
    """Digits as a Persian reader expects them."""
    return str(value).translate(_PERSIAN)


def grouped(number: int) -> str:
    """`12500000` → `۱۲٬۵۰۰٬۰۰۰`."""
    return persian(f"{number:,}".replace(",", "٬"))


def toman(rial: int) -> str:
    """`125000000` → `۱۲٬۵۰۰٬۰۰۰ تومان`; a remainder of rials is shown behind the separator."""
    whole, rest = divmod(abs(rial), 10)
    return ("−" if rial < 0 else "") + grouped(whole) + (f"٫{persian(rest)}" if rest else "") + " تومان"


def clock(moment: float) -> str:
    """The time of day in Tehran, `۱۴:۰۵:۳۳`."""
    return persian(datetime.fromtimestamp(moment, UTC).astimezone(TEHRAN).strftime("%H:%M:%S"))


PAGE = """<!doctype html>
<html lang="fa" dir="rtl">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
<title>$title</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/style.css">
$head
</head>
<body class="$body_class">
$body
</body>
</html>
"""


def page(title: str, body: Html, *, head: Html = Html(""), body_class: str = "") -> Html:  # noqa: B008 (immutable)
    """A whole page in the sandbox's look."""
    return html(PAGE, title=title, body=body, head=head, body_class=body_class)
