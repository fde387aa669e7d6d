"""A proof of several records, checked as one by the program alone: what does not belong together is named."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from kernel import verify_record
from kernel.verify_record import NotARecord, check_set, digest, json_file, members
from tests.customer.records.signed import PUBLIC_KEY, make_record, paper_of, sealed


def part(number: int, *, campaign: int = 7, version: int = 1) -> dict:
    place = {"campaign": {"id": campaign}, "version": version, "part": number}
    return make_record({**place, "recipients": [{"buyer": f"buyer:{number}", "phone": "0912***0001"}]})


PARTS = [part(1), part(2)]


def face_of(*parts: dict, campaign: int = 7, version: int = 1) -> dict:
    named = [
        {"part": row["content"]["part"], "code": row["manifest"]["code"], "sha256": digest(row["manifest"])}
        for row in parts
    ]
    place = {"campaign": {"id": campaign}, "version": version, "part": 0}
    return make_record({**place, "recipients": [], "further_parts": named})


FACE = face_of(*PARTS)
FILES = {f"{number}.json": json_file(record) for number, record in enumerate([FACE, *PARTS])}


def without(*names: str) -> dict[str, bytes]:
    return {name: data for name, data in FILES.items() if name not in names}


def test_whole_proof_is_valid_in_any_order():
    assert check_set(FILES, PUBLIC_KEY) == []
    assert check_set(dict(reversed(FILES.items())), PUBLIC_KEY) == []


def test_face_may_be_there_as_paper_too():
    assert check_set({"face.pdf": sealed(paper_of(FACE)), **FILES}, PUBLIC_KEY) == []


def test_missing_part_is_named():
    assert check_set(without("2.json"), PUBLIC_KEY) == [f"part 2 ({PARTS[1]['manifest']['code']}): is missing"]


def test_missing_face_is_named():
    assert check_set(without("0.json"), PUBLIC_KEY) == ["the face (part 0), which names the parts, is missing"]


@pytest.mark.parametrize(
    ("stranger", "named"),
    [
        (part(3), "x.json: is extra, the face does not name it"),
        (part(1, campaign=8), "x.json: is foreign, it is of another proof"),
        (part(1, version=2), "x.json: is foreign, it is of another proof"),
        (face_of(campaign=8), "x.json: is foreign, it is of another proof"),
        (make_record(), "x.json: is foreign, it is of another proof"),
    ],
)
def test_extra_and_foreign_parts_are_named(stranger, named):
    assert check_set({**FILES, "x.json": json_file(stranger)}, PUBLIC_KEY) == [named]


def test_part_in_the_place_of_another_is_named():
    """Genuine by itself, and of the same number: yet not the one that the face names."""
    other = make_record({**PARTS[1]["content"], "recipients": []})
    found = check_set({**FILES, "2.json": json_file(other)}, PUBLIC_KEY)

    assert found == [
        f"part 2 ({PARTS[1]['manifest']['code']}): is missing",
        "2.json: is extra, the face does not name it",
    ]


def test_no_byte_of_any_part_may_differ():
    for name, data in FILES.items():
        for position in range(0, len(data), 7):
            changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
            found = check_set({**FILES, name: changed}, PUBLIC_KEY)
            assert any(line.startswith(f"{name}: ") for line in found), (name, position)


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"content": 1, "manifest": {"a": 1.5}}', b"%PDF-", b"[" * 9999])
def test_nothing_in_a_set_crashes_it(data):
    found = check_set({**FILES, "x.json": data}, PUBLIC_KEY)
    assert found
    assert all(line.startswith("x.json: ") for line in found)


@pytest.mark.parametrize("named", [7, [7], [{"part": 1}], [{"part": 1, "code": "x", "sha256": []}]])
def test_list_of_parts_that_is_none_names_none(named):
    face = make_record({"campaign": {"id": 7}, "version": 1, "part": 0, "further_parts": named})
    found = check_set({"0.json": json_file(face), "1.json": FILES["1.json"]}, PUBLIC_KEY)
    assert found == ["1.json: is extra, the face does not name it"]


def packed(files: dict[str, bytes]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return kept.getvalue()


def test_zip_holds_the_records_and_the_program():
    assert members(packed({**FILES, "verify_record.py": b"import this"})) == FILES


def test_zip_that_swells_or_is_damaged_is_no_proof(monkeypatch):
    whole = packed(FILES)
    with pytest.raises(NotARecord, match="damaged"):
        members(whole[: len(whole) // 2])
    monkeypatch.setattr(verify_record, "LARGEST_ATTACHMENT", 100)
    with pytest.raises(NotARecord, match="larger than any record"):
        members(whole)


def test_changed_byte_in_a_zip_is_never_valid(run):
    whole = packed(FILES)
    middle = whole.index(b"1.json") + 60
    ended = run({"proof.zip": whole[:middle] + bytes([whole[middle] ^ 4]) + whole[middle + 1 :]})
    assert ended.returncode == 2
    assert "VALID" not in ended.stdout.split()


@pytest.fixture
def run(tmp_path):
    """The program alone in an empty folder, with an interpreter that knows nothing of this house."""
    shutil.copy(verify_record.__file__, tmp_path / "verify_record.py")

    def run(files: dict[str, bytes]):
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "", "LC_ALL": "C"}
        command = [sys.executable, "verify_record.py", *files, "--public-key", PUBLIC_KEY]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def test_program_takes_the_zip_or_the_files(run):
    for files in (FILES, {"proof.zip": packed(FILES)}):
        ended = run(files)
        assert (ended.returncode, ended.stdout.splitlines()[0], ended.stderr) == (0, "VALID", "")


def test_program_names_the_missing_part(run):
    ended = run({"proof.zip": packed(without("1.json"))})
    assert (ended.returncode, ended.stdout) == (1, f"INVALID  part 1 ({PARTS[0]['manifest']['code']}): is missing\n")


def test_program_says_of_a_face_alone_that_there_is_more(run):
    ended = run({"face.json": FILES["0.json"]})
    assert ended.returncode == 0
    assert "the face of a proof with 2 further parts" in ended.stdout


def test_program_finds_nothing_in_an_empty_zip(run):
    ended = run({"proof.zip": packed({})})
    assert (ended.returncode, ended.stdout) == (2, "NOT A RECORD  the ZIP holds no record\n")
