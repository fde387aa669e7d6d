"""The standalone verifier: genuine is genuine, and whatever else is named, whatever anybody throws at it."""

import copy
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel import verify_record
from kernel.verify_record import NotARecord, canonical, check_file, json_file, leaves, place, problems
from tests.customer.records.signed import CONTENT, PUBLIC_KEY, make_record, paper_of, sealed

RECORD = make_record()
FILE = json_file(RECORD)
LEAVES = list(leaves(RECORD))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def step(holder, name):
    return holder[int(name)] if isinstance(holder, list) else holder[name.replace("~1", "/").replace("~0", "~")]


def with_value(pointer, value):
    """The record with one value in another's place."""
    changed = copy.deepcopy(RECORD)
    *path, last = pointer.strip("/").split("/")
    holder = changed
    for name in path:
        holder = step(holder, name)
    holder[int(last) if isinstance(holder, list) else last.replace("~1", "/").replace("~0", "~")] = value
    return changed


# --- canonical form (RFC 8785) -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (  # section 3.2.3: names are sorted by their UTF-16 code units
            {
                "\u20ac": "Euro Sign",
                "\r": "Carriage Return",
                "\ufb33": "Hebrew Letter Dalet With Dagesh",
                "1": "One",
                "\U0001f600": "Emoji: Grinning Face",
                "\u0080": "Control",
                "\u00f6": "Latin Small Letter O With Diaeresis",
            },
            (
                '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",'
                '"\u20ac":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
            ),
        ),
        (  # section 3.2.2.2: strings
            {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", "literals": [None, True, False]},
            '{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
        ),
        ("\b\f\n\r\t\x00\x1f\x7f", '"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'),
        ([56, {"d": True, "10": None, "1": []}], '[56,{"1":[],"10":null,"d":true}]'),
        ([9007199254740991, -9007199254740991, 0], "[9007199254740991,-9007199254740991,0]"),
        ({}, "{}"),
    ],
)
def test_canonical_form_is_that_of_the_rfc(value, text):
    assert canonical(value).decode() == text


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, -(2**53), {1}, b"x", "\ud800", {"\ud800": 1}])
def test_values_that_no_record_holds_have_no_canonical_form(value):
    with pytest.raises((TypeError, UnicodeEncodeError)):
        canonical(value)


# --- a record ------------------------------------------------------------------------------------------------------


def test_genuine_record_is_valid():
    assert (problems(RECORD, PUBLIC_KEY), check_file(FILE, PUBLIC_KEY)) == ([], [])


def test_record_of_another_issuer_is_not():
    assert problems(RECORD, "A" * 43 + "=") == [
        "public_key: is not the issuer's",
        "manifest or signature: the signature does not fit",
    ]


@pytest.mark.parametrize("pointer", [pointer for pointer, _value in LEAVES])
def test_every_changed_value_is_named(pointer):
    value = dict(LEAVES)[pointer]
    other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else "دیگر"
    found = problems(with_value(pointer, other), PUBLIC_KEY)

    assert found
    if pointer.startswith("/content"):
        assert found == [f"{pointer[1:]}: was changed"]
    elif pointer.startswith("/manifest/fields/"):
        assert any(line.startswith("content") for line in found)


def test_added_and_missing_fields_are_named():
    changed = make_record()
    changed = {**changed, "content": {**changed["content"], "extra": "x"}, "note": 1}
    del changed["content"]["service"]

    assert problems(changed, PUBLIC_KEY) == [
        "note: does not belong to a record",
        "content/service: is missing",
        "content/extra: was added",
    ]


@pytest.mark.parametrize("part", ["content", "manifest", "signature"])
def test_missing_part_is_named(part):
    changed = {name: value for name, value in RECORD.items() if name != part}

    assert f"{part}: is missing" in problems(changed, PUBLIC_KEY)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LEAVES), json_values)
def test_no_value_but_the_signed_one_is_valid(leaf, value):
    pointer, signed = leaf
    same = type(value) is type(signed) and value == signed

    assert bool(problems(with_value(pointer, value), PUBLIC_KEY)) is not same


@settings(max_examples=600, deadline=None)
@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_no_byte_of_the_file_may_differ(position, difference):
    flipped = bytes([FILE[position] ^ difference])
    changed = FILE[:position] + flipped + FILE[position + 1 :]
    try:
        found = check_file(changed, PUBLIC_KEY)
    except NotARecord:
        found = ["not a record"]

    assert found


def test_every_byte_within_a_value_names_its_field():
    """Whatever becomes of the byte: another letter, half a letter, the end of the string."""
    lines = FILE.decode().splitlines(keepends=True)
    start = 0
    for number, line in enumerate(lines, start=1):
        end = start + len(line.encode())
        named, _, value = line.partition('": "')
        if value and place(FILE.decode(), number).startswith("content/"):
            where = place(FILE.decode(), number)
            for position in range(start + len((named + '": "').encode()), end - len(b'",\n')):
                for difference in (1, 0x20, 0x80):
                    changed = FILE[:position] + bytes([FILE[position] ^ difference]) + FILE[position + 1 :]
                    found = check_file(changed, PUBLIC_KEY)
                    assert any(text.startswith(where.rsplit("/", 1)[0]) for text in found), (where, found)
        start = end


@pytest.mark.parametrize(
    "changed",
    [
        FILE + b"\n",
        FILE.rstrip(),
        FILE.replace(b": ", b":  ", 1),
        FILE.replace(b"\n", b"\r\n"),
        json.dumps(RECORD).encode(),
    ],
)
def test_other_spelling_of_the_same_values_is_said_to_be_that(changed):
    assert check_file(changed, PUBLIC_KEY) == ["file: its spelling was changed, the values are genuine"]


def test_value_said_twice_is_not_taken_for_the_signed_one():
    twice = FILE.replace(b'"first_name": ', '"first_name": "دیگری",\n   "first_name": '.encode())

    assert check_file(twice, PUBLIC_KEY) == ["file: its spelling was changed, the values are genuine"]


# --- malice --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"{}",
        b"[]",
        b"null",
        b"not json",
        b"[" * 100_000,
        b'{"content":' * 50_000,
        b'{"manifest": ' + b"9" * 5000 + b"}",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_record_is_said_to_be_none(data):
    with pytest.raises(NotARecord):
        check_file(data, PUBLIC_KEY)


@pytest.mark.parametrize(
    "changed",
    [
        with_value("/manifest", []),
        with_value("/manifest/fields", []),
        with_value("/manifest/fields", {"": None}),
        with_value("/manifest/sequence", float("nan")),
        with_value("/manifest/sequence", 10**400),
        with_value("/content", "text"),
        with_value("/content", None),
        with_value("/content/text", float("inf")),
        with_value("/content/text", 2**53),
        with_value("/signature", {"a": 1}),
        with_value("/signature", "A" * 88),
        with_value("/signature", "é" * 88),
        with_value("/public_key", ["x"]),
        with_value("/sha256", float("nan")),
    ],
)
def test_wrong_types_are_invalid(changed):
    assert problems(changed, PUBLIC_KEY)
    assert check_file(json.dumps(changed).encode(), PUBLIC_KEY)


def test_half_a_character_is_invalid():
    spelled = json.dumps(with_value("/content/text", "\ud800")).encode()

    assert check_file(spelled, PUBLIC_KEY) == ["content/text: was changed"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
@example(b"%PDF-1.7\n/EmbeddedFile>>stream\n")
@example(b"%PDF-1.7\n/EmbeddedFile /FlateDecode /Length 99999>>stream\nx")
def test_nothing_crashes_it(data):
    for attempt in (data, b"%PDF-" + data, sealed(b"%PDF-" + data, "0" * 64) + data):
        with suppress(NotARecord):
            assert check_file(attempt, PUBLIC_KEY)


# --- a PDF around it, made of the parts that matter ----------------------------------------------------------------

BODY = paper_of(RECORD)
PDF = sealed(BODY)


def test_sealed_pdf_is_valid():
    assert check_file(PDF, PUBLIC_KEY) == []


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(PDF) - 1), st.integers(1, 255))
def test_no_byte_of_a_pdf_may_differ(position, difference):
    changed = PDF[:position] + bytes([PDF[position] ^ difference]) + PDF[position + 1 :]
    try:
        assert check_file(changed, PUBLIC_KEY)
    except NotARecord:
        assert position < 5


def test_no_byte_of_the_seal_may_differ():
    """Its own line stands outside of what it signs."""
    for position in range(len(BODY), len(PDF)):
        for difference in range(1, 256):
            changed = PDF[:position] + bytes([PDF[position] ^ difference]) + PDF[position + 1 :]
            assert check_file(changed, PUBLIC_KEY), (position, difference)


def test_place_of_a_change_in_a_pdf_is_told():
    position = PDF.index("سارا".encode())
    changed = PDF[:position] + "زهرا".encode()[: len("سارا".encode())] + PDF[position + len("سارا".encode()) :]
    found = check_file(changed, PUBLIC_KEY)

    assert any("(object 2: the attached record)" in line for line in found)
    assert "content/buyer/first_name: was changed" in found


@pytest.mark.parametrize("tail", [b" ", b"\n", b"x", b"\n1 0 obj\n<</Type /Page /Contents 9 0 R>>\nendobj\n", PDF])
def test_whatever_follows_the_seal_is_told(tail):
    assert check_file(PDF + tail, PUBLIC_KEY) == [
        f"pdf: the first {len(PDF)} bytes are genuine; {len(tail)} bytes were added after the seal"
    ]


def test_pdf_without_seal_or_record_is_invalid():
    assert check_file(BODY, PUBLIC_KEY) == ["pdf: the seal at its end is missing or damaged"]
    assert check_file(sealed(b"%PDF-1.7\n"), PUBLIC_KEY) == ["attachment record.json: is missing, or cannot be read"]


# --- as it is handed out -------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    """The program alone in an empty folder, with an interpreter that knows nothing of this house."""
    shutil.copy(verify_record.__file__, tmp_path / "verify_record.py")

    def run(data: bytes, *arguments: str):
        (tmp_path / "file").write_bytes(data)
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "", "LC_ALL": "C"}
        command = [sys.executable, "verify_record.py", "file", *(arguments or ("--public-key", PUBLIC_KEY))]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def test_program_alone_finds_the_genuine_genuine(run):
    for data in (FILE, PDF):
        ended = run(data)
        assert (ended.returncode, ended.stdout.splitlines()[0], ended.stderr) == (0, "VALID", "")


def test_program_alone_names_the_change(run):
    ended = run(json_file(with_value("/content/buyer/national_code", "0012345670")))

    assert (ended.returncode, ended.stdout) == (1, "INVALID  content/buyer/national_code: was changed\n")


def test_program_alone_says_what_is_no_record_and_no_key(run):
    assert run(b"something else").returncode == 2
    assert run(FILE, "--public-key", "short").returncode == 2


def test_program_takes_an_earlier_key_beside_the_present_one(run):
    assert run(FILE, "--public-key", "A" * 43 + "=", "--public-key", PUBLIC_KEY).returncode == 0


def test_program_prints_no_control_characters(run):
    changed = with_value("/content/device", CONTENT["device"] | {"\x1b[2J": "x"})

    assert "\x1b" not in run(json_file(changed)).stdout


def test_program_imports_nothing_of_the_house():
    source = Path(verify_record.__file__).read_text(encoding="utf-8")

    assert "django" not in source.lower()
    assert "from kernel" not in source
