"""The front page: the story beside the fault dial."""

from collections.abc import Mapping

from .faults import TRANSPORT, Dial
from .markup import Html, html, join, page
from .provider import Provider
from .state import State
from .story import FAULT_TITLES, story

_FRONT = """<a class="skip" href="#story">رفتن به رویدادها</a>
<header class="bar">
<h1>محیط آزمایشی</h1><span class="badge">هیچ پیامی بیرون نمی‌رود</span><a class="bar-link" href="#dial">خرابی عمدی</a>
<p class="muted">این سرویس به جای درگاه پرداخت، سامانه‌های پیامک، واتس‌اپ و دیدار پاسخ می‌دهد
و هرچه پرتال بفرستد همین‌جا دیده می‌شود.</p>
</header>
<main class="page">
<div class="story" id="story">$story</div>
<aside class="tools" aria-label="ابزار آزمایش">$tools</aside>
</main>
<script src="/live.js" defer></script>"""

_TOOLS = """<section class="card" id="dial" aria-labelledby="h-dial">
<div class="section-head"><h2 id="h-dial">خرابی عمدی</h2></div>
<form method="post" action="/__faults" class="stack">
<p class="muted">خرابی انتخاب‌شده به درخواست‌های بعدی همان سرویس می‌رسد.</p>
<label class="field">خرابی<select name="choice">$choices</select></label>
<div class="pair">
<label class="field">چند بار<input name="times" type="number" min="1" max="1000" value="1" dir="ltr"></label>
<label class="field">چند ثانیه<input name="seconds" type="number" min="0" max="3600" step="any" dir="ltr"></label>
</div>
<label class="field">بخشی از نشانی (اختیاری)<input name="match" dir="ltr" autocomplete="off" spellcheck="false"></label>
<button class="button">فعال کن</button>
</form>
</section>
<section class="card" aria-labelledby="h-inbound">
<div class="section-head"><h2 id="h-inbound">پیام از خریدار در واتس‌اپ</h2></div>
<form method="post" action="/__inbound" class="stack">
<p class="muted">با پیام خریدار، تا ۲۴ ساعت می‌شود بی‌قالب به او پاسخ داد.</p>
<label class="field">شمارهٔ خریدار<input name="from" dir="ltr" inputmode="tel" autocomplete="off" required></label>
<label class="field">متن<input name="text" value="سلام" required></label>
<button class="button" name="page" value="1">بفرست</button>
</form>
</section>
<section class="card" aria-labelledby="h-reset">
<div class="section-head"><h2 id="h-reset">شروع دوباره</h2></div>
<form method="post" action="/__reset" class="stack">
<p class="muted">رویدادها و خرابی‌های فعال پاک می‌شوند. دادهٔ پرتال دست نمی‌خورد.</p>
<button class="button button-quiet" name="from" value="page">پاک کردن همه</button>
</form>
</section>"""

_CHOICE = '<option value="$provider:$fault">$title</option>'
_REFRESH = Html('<noscript><meta http-equiv="refresh" content="10"></noscript>')


def front_page(state: State, dial: Dial, providers: Mapping[str, Provider]) -> Html:
    """The whole page. Called with the state's lock held."""
    tools = html(_TOOLS, choices=join(_choices(provider) for provider in providers.values()))
    return page("محیط آزمایشی", html(_FRONT, story=story(state, dial), tools=tools), head=_REFRESH)


def _choices(provider: Provider) -> Html:
    """One group of the dial's list: the provider's own faults first."""
    options = join(
        html(_CHOICE, provider=provider.name, fault=name, title=FAULT_TITLES[name])
        for name in [*sorted(provider.behaviours), *TRANSPORT]
    )
    return html('<optgroup label="$title">$options</optgroup>', title=provider.title, options=options)
