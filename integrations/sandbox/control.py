"""The sandbox's own addresses: what was received, the dial, the switches, the front page and its files."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import UnknownFault
from .pages import front_page
from .provider import Provider
from .story import story
from .whatsapp import WhatsAppCloud
from .wire import Reply, Request, json_reply, page_reply, redirect_reply

if TYPE_CHECKING:
    from .server import Sandbox

ASSETS = Path(__file__).parent / "assets"
FILES = {
    "style.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
FONTS = {"Estedad-Regular.ttf", "Estedad-Medium.ttf", "Estedad-SemiBold.ttf"}


def answer(sandbox: "Sandbox", request: Request) -> Reply:
    """Whatever is not a provider's. Called with the state's lock held."""
    path = request.path.rstrip("/")
    if path in FILES:
        return Reply(body=(ASSETS / path).read_bytes(), content_type=FILES[path])
    if path.startswith("font/"):
        return _font(path.removeprefix("font/"))
    calls = {
        ("GET", ""): lambda: page_reply(front_page(sandbox.state, sandbox.dial, sandbox.providers)),
        ("GET", "__story"): lambda: page_reply(story(sandbox.state, sandbox.dial)),
        ("GET", "__state"): lambda: json_reply(sandbox.state.snapshot()),
        ("GET", "__faults"): lambda: json_reply(_faults(sandbox)),
        ("POST", "__faults"): lambda: _arm(sandbox, request),
        ("GET", "__switches"): lambda: json_reply(_switches(sandbox)),
        ("POST", "__switches"): lambda: _turn(sandbox, request),
        ("GET", "__callbacks"): lambda: json_reply(sandbox.callbacks.addresses),
        ("POST", "__callbacks"): lambda: _call_at(sandbox, request),
        ("POST", "__inbound"): lambda: _write_in(sandbox, request),
        ("POST", "__reset"): lambda: _reset(sandbox, request),
    }
    if (request.method, path) in calls:
        return calls[request.method, path]()
    known = ["/", *(f"/{name}/" for name in sandbox.providers), "/__state", "/__faults", "/__switches", "/__reset"]
    if any(path == other for _, other in calls):
        return json_reply({"error": f"{request.method} is not possible here.", "known": known}, 405)
    return json_reply({"error": "There is nothing here.", "known": known}, 404)


def turn(providers: Mapping[str, Provider], switches: Mapping[str, Any]) -> None:
    """Turns all of the switches or none. Raises ValueError for one that does not exist."""
    for name, choice in switches.items():
        provider, _, switch = str(name).partition(".")
        choices = providers[provider].switches.get(switch, ()) if provider in providers else ()
        if choice not in choices:
            raise ValueError(f"{name}: {choice!r} is not one of {list(choices)}.")
    for name, choice in switches.items():
        provider, _, switch = name.partition(".")
        providers[provider].switched[switch] = choice


def _font(name: str) -> Reply:
    """The portal's typeface where its package is installed; without it the page falls back to the system's."""
    package = find_spec("persian_admin")
    folder = Path(package.origin).parent / "static" / "persian_admin" / "fonts" if package and package.origin else None
    if name not in FONTS or folder is None or not (folder / name).is_file():
        return Reply(status=404, content_type="text/plain")
    kept = (("Cache-Control", "max-age=86400"),)
    return Reply(body=(folder / name).read_bytes(), content_type="font/ttf", headers=kept)


def _faults(sandbox: "Sandbox") -> dict[str, Any]:
    return {"faults": sandbox.dial.armed(), "known": sandbox.dial.known}


def _arm(sandbox: "Sandbox", request: Request) -> Reply:
    """Takes JSON from scripts and the form of the front page, whose one list chooses `provider:fault`."""
    form = request.form()
    if "choice" in form:
        provider, _, fault = form["choice"].partition(":")
        form.update(provider=provider, fault=fault)
    try:
        sandbox.dial.arm(request.json_object() or form)
    except UnknownFault as error:
        return json_reply({"error": str(error), "known": sandbox.dial.known}, 400)
    return redirect_reply("/", 303) if "choice" in form else json_reply(_faults(sandbox))


def _switches(sandbox: "Sandbox") -> dict[str, Any]:
    return {
        f"{name}.{switch}": {"now": provider.switched[switch], "choices": list(choices)}
        for name, provider in sandbox.providers.items()
        for switch, choices in provider.switches.items()
    }


def _turn(sandbox: "Sandbox", request: Request) -> Reply:
    try:
        turn(sandbox.providers, request.json_object())
    except ValueError as error:
        return json_reply({"error": str(error), "known": _switches(sandbox)}, 400)
    return json_reply(_switches(sandbox))


def _call_at(sandbox: "Sandbox", request: Request) -> Reply:
    wish = request.json_object()
    unknown = sorted(set(wish) - set(sandbox.providers))
    try:
        if unknown:
            raise ValueError(f"Unknown provider {unknown[0]!r}.")
        sandbox.callbacks.turn(wish)
    except ValueError as error:
        return json_reply({"error": str(error), "known": list(sandbox.providers)}, 400)
    return json_reply(sandbox.callbacks.addresses)


def _write_in(sandbox: "Sandbox", request: Request) -> Reply:
    """Takes JSON from scripts and the form of the front page: a person writes to us on WhatsApp."""
    form = {**request.form(), **request.json_object()}
    phone, text = str(form.get("from", "")).lstrip("+"), str(form.get("text", ""))
    if phone.startswith("09"):
        phone = f"98{phone[1:]}"
    if not phone.isdecimal() or not text:
        return json_reply({"error": 'Send {"from": "989121234567", "text": "…"}.'}, 400)
    whatsapp = sandbox.providers["whatsapp"]
    assert isinstance(whatsapp, WhatsAppCloud)  # noqa: S101 (for the type checker)
    whatsapp.write_in(phone, text)
    return redirect_reply("/", 303) if "page" in form else json_reply({"from": phone})


def _reset(sandbox: "Sandbox", request: Request) -> Reply:
    sandbox.reset()
    return redirect_reply("/", 303) if "from" in request.form() else json_reply({"reset": True})
