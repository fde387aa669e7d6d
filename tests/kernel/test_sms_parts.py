import pytest

from kernel.sms_parts import count_parts


@pytest.mark.parametrize(
    ("text", "is_gsm", "units", "parts", "left"),
    [
        ("", True, 0, 0, 160),
        ("a", True, 1, 1, 159),
        ("a" * 160, True, 160, 1, 0),
        ("a" * 161, True, 161, 2, 145),
        ("a" * 306, True, 306, 2, 0),
        ("a" * 307, True, 307, 3, 152),
        ("€" * 80, True, 160, 1, 0),
        ("€" * 81, True, 162, 2, 143),
        # An escaped letter is not torn: 76 of them fill 152 of 153 places, the 77th begins the second part.
        ("€" * 152, True, 304, 2, 1),
        ("€" * 153, True, 306, 3, 151),
        ("س", False, 1, 1, 69),
        ("س" * 70, False, 70, 1, 0),
        ("س" * 71, False, 71, 2, 63),
        ("س" * 134, False, 134, 2, 0),
        ("س" * 135, False, 135, 3, 66),
        ("a" * 100 + "س", False, 101, 2, 33),
        ("می‌شود", False, 6, 1, 64),  # the half-space counts
        ("۱۲۳", False, 3, 1, 67),
        ("😀" * 35, False, 70, 1, 0),
        ("😀" * 36, False, 72, 2, 61),
        ("😀" * 66, False, 132, 2, 1),
        ("😀" * 67, False, 134, 3, 65),
        ("`", False, 1, 1, 69),  # not in the table of GSM 03.38
        ("\n", True, 1, 1, 159),
    ],
)
def test_parts(text, is_gsm, units, parts, left):
    found = count_parts(text)

    assert (found.is_gsm, found.units, found.parts, found.left) == (is_gsm, units, parts, left)
