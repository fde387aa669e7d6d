"""The account that the Didar stand-in pretends to be: users, pipeline, fields, types. All of it invented."""

from typing import Any

OWNER_ID = "d1da0000-0000-4000-8000-000000000001"
PIPELINE_ID = "d1da0000-0000-4000-8000-000000000010"
STAGE_ID = "d1da0000-0000-4000-8000-000000000011"
ACTIVITY_TYPE_ID = "d1da0000-0000-4000-8000-000000000030"

OWNER = {"Id": OWNER_ID, "DisplayName": "کاربر آزمایشی"}
USERS = [
    {
        "UserId": OWNER_ID,
        "UserName": "sandbox",
        "DisplayName": OWNER["DisplayName"],
        "IsOwner": True,
        "IsDisabled": False,
    }
]
DEAL_PIPELINES = [
    {
        "Id": PIPELINE_ID,
        "Title": "خدمات پس از فروش",
        "Stages": [
            {"Id": STAGE_ID, "Title": "درخواست تازه"},
            {"Id": "d1da0000-0000-4000-8000-000000000012", "Title": "در حال پیگیری"},
            {"Id": "d1da0000-0000-4000-8000-000000000013", "Title": "انجام شده"},
        ],
    }
]
REFERENCE_FIELD: dict[str, Any] = {
    "Id": "d1da0000-0000-4000-8000-000000000020",
    "Key": "Field_8783_12_154",
    "Title": "شناسهٔ پرتال",
    "FieldType": "Deal",
    "ControlType": "Text",
    "IsDeleted": False,
}
CUSTOM_FIELDS = [REFERENCE_FIELD]
ACTIVITY_TYPES = [{"Id": ACTIVITY_TYPE_ID, "Title": "تماس تلفنی"}]
DEAL_LABELS: list[dict[str, Any]] = []
