"""Reads signed bodies: raw bytes until the signature is checked, then a model."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kit.refusals import ValidationFailed
from kit.web.faults import faults_of
from kit.web.serving.bodies import parse_json

M = TypeVar("M", bound=BaseModel)


def read_as(model: type[M], body: bytes) -> M:
    """Return a JSON body as a model, by the rules of every request body.

    Raises:
        BodyUnreadable: see `kit.web.serving.bodies.parse_json`.
        ValidationFailed: with all faults.
    """
    document = parse_json(body)
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise ValidationFailed(errors=faults_of(error, document=document)) from None


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """Return the OpenAPI of an operation that reads its body by `read_as`."""
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}
