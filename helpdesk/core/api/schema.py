"""Finishing touches to the OpenAPI document: every operation declares the errors that it may answer with, and only what it keeps."""

from __future__ import annotations

from typing import Any

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
}
_ALWAYS = {
    "400": "Not valid",
    "401": "Not signed in",
    "403": "Not allowed",
    "404": "Not found",
    "406": "Not acceptable",
    "429": "Too many requests",
}
_WRITING = {
    "409": "Conflict",
    "412": "Changed meanwhile",
    "413": "Too large",
    "415": "Unsupported media type",
    "422": "Cannot be processed",
}


def declare_problems(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """drf-spectacular post-processing hook."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    for operations in result.get("paths", {}).values():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "responses" in operation:
                _add(operation["responses"], _ALWAYS if method == "get" else _ALWAYS | _WRITING)
    return result


def let_fields_be_left_out(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """drf-spectacular post-processing hook: where `fields=` may ask for a part of an object, no property of it is promised."""
    shapes = result.get("components", {}).get("schemas", {})
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            if isinstance(operation, dict) and any(one.get("name") == "fields" for one in operation.get("parameters", ())):
                _promise_nothing(shapes, operation["responses"].get("200", {}))
    return result


def _promise_nothing(shapes: dict[str, Any], answer: dict[str, Any]) -> None:
    for content in answer.get("content", {}).values():
        shape = _named(shapes, content.get("schema", {}))
        properties = shape.get("properties", {})
        page = properties["results"] if "next" in properties else shape
        (_named(shapes, page["items"]) if "items" in page else shape).pop("required", None)


def _named(shapes: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    name = shape.get("$ref", "").rpartition("/")[2]
    return shapes[name] if name else shape


def _add(responses: dict[str, Any], problems: dict[str, str]) -> None:
    for status, description in problems.items():
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses.setdefault(status, {"description": description, "content": content})
