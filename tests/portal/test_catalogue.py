"""The Persian catalogue: complete, without doubts, compiled."""

import ast
import gettext
import re
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "site" / "locale" / "fa" / "LC_MESSAGES" / "django.po"
# What the packages' own Persian leaves out.
ADMIN_PO = ROOT / "site" / "locale_admin" / "fa" / "LC_MESSAGES" / "django.po"
SOURCES = ["site/portal", "site/kernel", "integrations", "customer", "commerce", "support", "cms", "templates"]
# The calls that mark a text: → where context, text and plural stand among the arguments.
MARKS = {"gettext": (None, 0, None), "ngettext": (None, 0, 1), "pgettext": (0, 1, None), "npgettext": (0, 1, 2)}
MARKS |= {f"{name}_lazy": places for name, places in MARKS.items()} | {"_": MARKS["gettext"]}
IN_TEMPLATE = re.compile(r"""(?<!\w)(_|n?p?gettext)\(((?:[^()"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')*)\)""")
PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[sd]")


def texts_of_calls(tree):
    """(context, text, plural) of every marked text in Python code; fails on one that is put together while running."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in MARKS or not node.args:
            continue
        context, text, plural = (None if place is None else node.args[place] for place in MARKS[name])
        assert not isinstance(text, ast.JoinedStr), f"an f-string inside {name}()"
        if isinstance(text, ast.Constant):
            yield context and context.value, text.value, plural and plural.value


def texts_of_template(source):
    for name, arguments in IN_TEMPLATE.findall(templatize(source)):
        yield from texts_of_calls(ast.parse(f"{name}({arguments})"))


def marked_texts():
    """Every text of the house that a person may see → the files that hold it."""
    found = {}
    for path in sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            texts = texts_of_calls(ast.parse(path.read_text()))
        elif path.suffix in {".html", ".txt"}:
            texts = texts_of_template(path.read_text())
        else:
            continue
        for text in texts:
            found.setdefault(text, []).append(str(path.relative_to(ROOT)))
    return found


@pytest.fixture(scope="module")
def catalogue():
    return polib.pofile(str(PO))


@pytest.fixture(scope="module", params=[PO, ADMIN_PO], ids=["ours", "packages"])
def each(request):
    """Either catalogue, with its file."""
    return polib.pofile(str(request.param)), request.param


def test_extraction_sees_all_ways_of_marking():
    code = 'f(_("a")); gettext_lazy("b" "c"); ngettext("d", "e", n); pgettext("x", "g")'
    page = """
        {% load i18n %}{% translate "h" %}{{ _("k (l)") }}{% translate "m" context "y" %}
        {% blocktranslate count n=n %}i{% plural %}j {{ n }}{% endblocktranslate %}
        {% blocktranslate trimmed %}
            n
            o{% endblocktranslate %}
    """

    in_code = {(None, "a", None), (None, "bc", None), (None, "d", "e"), ("x", "g", None)}
    assert set(texts_of_calls(ast.parse(code))) == in_code
    in_page = {(None, "h", None), (None, "k (l)", None), ("y", "m", None), (None, "i", "j %(n)s"), (None, "n o", None)}
    assert set(texts_of_template(page)) == in_page


def test_every_text_is_translated(catalogue):
    translated = {(entry.msgctxt, entry.msgid, entry.msgid_plural or None) for entry in catalogue.translated_entries()}
    missing = {text: files for text, files in marked_texts().items() if text not in translated}

    assert not missing, "\n".join(f"{text[1]!r} in {', '.join(files)}" for text, files in missing.items())


def test_nothing_is_fuzzy_or_left_empty(each):
    catalogue, _path = each
    assert [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete or not entry.translated()] == []


def test_placeholders_are_kept(each):
    catalogue, _path = each

    def placeholders(text):
        return sorted(set(PLACEHOLDER.findall(text)))

    for entry in catalogue:
        allowed = [placeholders(text) for text in (entry.msgid, entry.msgid_plural) if text]
        for translation in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            assert placeholders(translation) in allowed, entry.msgid


def test_persian_letters_only(each):
    """No Arabic yeh, kaf or digits, as some keyboards type them."""
    catalogue, _path = each
    texts = [text for entry in catalogue for text in (entry.msgstr, *entry.msgstr_plural.values())]

    assert [text for text in texts if re.search("[\u064a\u0643\u0660-\u0669]", text)] == []


def test_compiled_catalogue_is_of_this_state(each):
    catalogue, path = each
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    for entry in catalogue:
        if entry.msgid_plural:
            assert compiled.ngettext(entry.msgid, entry.msgid_plural, 2) == entry.msgstr_plural[1]
        elif entry.msgctxt:
            assert compiled.pgettext(entry.msgctxt, entry.msgid) == entry.msgstr
        else:
            assert compiled.gettext(entry.msgid) == entry.msgstr
