"""A list as an Excel sheet: right to left, texts that no spreadsheet takes for a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from django.utils.functional import Promise

from kernel.money import RIAL_PER_TOMAN

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportColumn:
    """One column of a sheet; `permission` names who may have it at all."""

    label: str | Promise
    value: Callable[[Any], Any]
    permission: str = ""


def in_toman(rial: int) -> int | Decimal:
    """An amount as a number for a column headed “toman”; exact where a rest of rial is left."""
    return rial // RIAL_PER_TOMAN if rial % RIAL_PER_TOMAN == 0 else Decimal(rial) / RIAL_PER_TOMAN


def harmless(value: Any) -> Any:
    """A text as a spreadsheet may have it: what begins like a formula gets an apostrophe in front; numbers stay."""
    if value is None or isinstance(value, (int, Decimal)):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def as_xlsx(queryset: QuerySet[Any], columns: Iterable[ExportColumn], *, filename: str) -> FileResponse:
    """The rows as a download; they are read in batches."""
    from openpyxl import Workbook  # 15 MB that only this needs

    columns = list(columns)
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.sheet_view.rightToLeft = True
    sheet.append([str(column.label) for column in columns])
    for row in queryset.iterator(chunk_size=ROWS_AT_ONCE):
        sheet.append([_cell(sheet, column.value(row)) for column in columns])
    output = BytesIO()
    workbook.save(output)
    output.seek(0)
    return FileResponse(output, as_attachment=True, filename=f"{filename}.xlsx", content_type=CONTENT_TYPE)


def _cell(sheet: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, harmless(value))
    if cell.data_type == "f":
        cell.data_type = "s"
    return cell
