"""The colours that flow from one brand colour, with the contrast that WCAG 2.2 AA asks of text (4.5 : 1)."""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass

ENOUGH = 4.5
LIGHT_PAPER = "#f4f7f8"
DARK_SURFACE = "#18232b"
WHITE, BLACK = "#ffffff", "#04100f"
MENU_LIGHTNESS, MENU_STRENGTH = 0.17, 0.55


@dataclass(frozen=True, slots=True, kw_only=True)
class Shades:
    """One theme's set: `brand` for text and filled buttons, `ink` on top of it, `wash` behind quiet parts."""

    brand: str
    ink: str
    wash: str


def contrast(first: str, second: str) -> float:
    """The WCAG contrast ratio of two `#rrggbb` colours, 1 to 21. Raises `ValueError` for another notation."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def light_shades(colour: str) -> Shades:
    """Shades for the light theme: the colour itself, darkened only as far as text on its wash needs it."""
    wash = _mix(colour, WHITE, 0.11)
    brand = _lit(colour, wash, LIGHT_PAPER, step=-0.02)
    return Shades(brand=brand, ink=WHITE, wash=wash)


def dark_shades(colour: str) -> Shades:
    """Shades for the dark theme: the same hue, lightened and calmed until it reads on dark surfaces."""
    wash = _mix(colour, DARK_SURFACE, 0.26)
    brand = _lit(colour, wash, DARK_SURFACE, step=0.02, saturation=0.48, enough=ENOUGH + 1)
    return Shades(brand=brand, ink=_mix(colour, BLACK, 0.08), wash=wash)


def brand_stylesheet(colour: str) -> str:
    """The style sheet that puts `colour` (`#rrggbb`) into the tokens of both themes."""
    light, dark = light_shades(colour), dark_shades(colour)
    by_night = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_tokens(dark)} }} }}"
    return f":root {{ {_tokens(light)} }}\n{by_night}\n"


def admin_stylesheet(colour: str) -> str:
    """The style sheet that gives Wagtail's admin the brand: its menu a dark shade, its buttons and links `colour`."""
    hue, lightness, strength = colorsys.rgb_to_hls(*_channels(colour))
    button = colorsys.rgb_to_hls(*_channels(_lit(colour, WHITE, step=-0.02)))
    menu = (hue, min(lightness, MENU_LIGHTNESS), min(strength, MENU_STRENGTH))
    return f":root {{ {_wagtail_tokens('primary', menu)} {_wagtail_tokens('secondary', button)} }}\n"


def _wagtail_tokens(name: str, hls: tuple[float, float, float]) -> str:
    hue, lightness, strength = hls
    values = {"hue": f"{hue * 360:.1f}", "saturation": f"{strength:.1%}", "lightness": f"{lightness:.1%}"}
    return " ".join(f"--w-color-{name}-{part}: {value};" for part, value in values.items())


def _tokens(shades: Shades) -> str:
    return f"--brand: {shades.brand}; --brand-ink: {shades.ink}; --brand-wash: {shades.wash};"


def _lit(colour: str, *grounds: str, step: float, saturation: float = 1, enough: float = ENOUGH) -> str:
    """`colour` moved in lightness by `step` until it stands out on every ground; the ends of the scale always do."""
    hue, lightness, strength = colorsys.rgb_to_hls(*_channels(colour))
    strength = min(strength, saturation)
    end = 0.0 if step < 0 else 1.0
    while True:
        candidate = _written(colorsys.hls_to_rgb(hue, lightness, strength))
        if lightness == end or min(contrast(candidate, ground) for ground in grounds) >= enough:
            return candidate
        lightness = min(1.0, max(0.0, lightness + step))


def _mix(colour: str, ground: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return _written(tuple(over * share + under * (1 - share) for over, under in pairs))


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> tuple[float, ...]:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError(f"not a colour of the form #rrggbb: {colour!r}")
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _written(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
