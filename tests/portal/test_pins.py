"""The pinned files hold every package with the extras that others ask for.

pip holds a package that is asked for with an extra to a pin with that extra only; without one it looks for the newest
release, and stumbles over one that came after the files were made.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.servers import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?==", re.M)
both_files = pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])


def pins_in(text: str) -> dict[str, set[str]]:
    """Package → the extras with which it is pinned."""
    found: dict[str, set[str]] = {}
    for package, extras in PIN.findall(text):
        found.setdefault(canonicalize_name(package), set()).update(filter(None, re.split(r"\s*,\s*", extras)))
    return found


def wishes_of(package: str, extras: set[str]) -> list[Requirement]:
    """What an installed package, taken with these extras, asks for on this machine."""
    try:
        wanted = [Requirement(line) for line in distribution(package).requires or []]
    except PackageNotFoundError:  # for another system or another Python
        return []
    return [r for r in wanted if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in {"", *extras})]


def missing_extras(pins: dict[str, set[str]]) -> list[str]:
    return [
        f"{package} asks for {wish.name}[{','.join(sorted(wish.extras))}]"
        for package, extras in pins.items()
        for wish in wishes_of(package, extras)
        if not wish.extras <= pins.get(canonicalize_name(wish.name), set())
    ]


@both_files
def test_pins_carry_the_extras_that_are_asked_for(name):
    pins = pins_in((ROOT / name).read_text())
    assert len(pins) > 50
    assert missing_extras(pins) == []


def test_pin_without_its_extra_is_found():
    text = (ROOT / "requirements-test.txt").read_text()
    assert "coverage[toml]==" in text
    assert missing_extras(pins_in(text.replace("coverage[toml]==", "coverage=="))) == [
        "pytest-cov asks for coverage[toml]"
    ]


@both_files
def test_direct_wishes_are_pinned_with_their_extras(name):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wishes = project["dependencies"] + (project["optional-dependencies"]["test"] if "test" in name else [])
    pins = pins_in((ROOT / name).read_text())
    asked = [Requirement(wish) for wish in wishes]
    assert [str(w) for w in asked if not w.extras <= pins.get(canonicalize_name(w.name), set())] == []
