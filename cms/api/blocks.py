"""The kinds of blocks as the OpenAPI document describes them: one component for each, told apart by `type`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers


class RenditionSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Takes the same token as everything else here.")
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class PictureSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    alt = serializers.CharField(help_text="What the picture shows, for those who do not see it.")
    renditions = RenditionSerializer(many=True, help_text="From the smallest to the largest; up to three.")


class DocumentFileSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    url = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    content_type = serializers.CharField()


class MediaFileSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    type = serializers.CharField(help_text="`video` or `audio`.")
    content_type = serializers.CharField()
    url = serializers.CharField(help_text="Answers ranges of bytes.")
    poster_url = serializers.CharField(allow_null=True)
    duration = serializers.FloatField(allow_null=True, help_text="Seconds.")


class StepSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    text = serializers.CharField(help_text="HTML.")
    image = PictureSerializer(allow_null=True)


class CalloutSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    text = serializers.CharField(help_text="HTML.")


class TableSerializer(serializers.Serializer[Any]):
    caption = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class FigureSerializer(serializers.Serializer[Any]):
    image = PictureSerializer(allow_null=True)
    caption = serializers.CharField()


class VideoSerializer(serializers.Serializer[Any]):
    media = MediaFileSerializer(allow_null=True)
    url = serializers.CharField(help_text="Of a video elsewhere; may be empty.")
    caption = serializers.CharField()


class DownloadSerializer(serializers.Serializer[Any]):
    document = DocumentFileSerializer(allow_null=True)
    title = serializers.CharField()
    software_version = serializers.CharField()


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    caption = serializers.CharField()


class PartSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    name = serializers.CharField()


class QuestionSerializer(serializers.Serializer[Any]):
    question = serializers.CharField()
    answer = serializers.CharField(help_text="HTML.")


VALUES: dict[str, Any] = {
    "heading": serializers.CharField(),
    "subheading": serializers.CharField(),
    "text": serializers.CharField(help_text="HTML."),
    "steps": StepSerializer(many=True),
    "warning": CalloutSerializer(),
    "note": CalloutSerializer(),
    "table": TableSerializer(),
    "figure": FigureSerializer(),
    "gallery": FigureSerializer(many=True),
    "video": VideoSerializer(),
    "download": DownloadSerializer(),
    "code": CodeSerializer(),
    "part": PartSerializer(),
    "faq": QuestionSerializer(many=True),
}


def _block(kind: str, value: Any) -> type[serializers.Serializer[Any]]:
    type_field = extend_schema_field({"type": "string", "const": kind})(type("KindField", (serializers.CharField,), {}))
    fields = {"type": type_field(), "id": serializers.CharField(), "value": value}
    return type(f"{kind.title()}BlockSerializer", (serializers.Serializer,), fields)


BODY = PolymorphicProxySerializer(
    component_name="Block",
    serializers={kind: _block(kind, value) for kind, value in VALUES.items()},
    resource_type_field_name="type",
    many=True,
)
