"""Makes the OpenAPI document of the operations that `gateway.own` declares."""

from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from gateway.documents.limits import add_limits
from gateway.own import currencies, me
from gateway.own.operations import OwnOperation
from kit.http import REQUEST_ID
from kit.web.openapi import API_VERSION, headers, problems, security
from kit.web.openapi.names import reference

_OPERATIONS: Final = (me.OPERATION, currencies.OPERATION)


class _Untitled(GenerateJsonSchema):
    """Leaves out titles that only repeat a field's name."""

    def field_title_should_be_set(self, *_: Any) -> bool:
        return False


def _described(operation: OwnOperation) -> dict[str, Any]:
    description = {"description": operation.description} if operation.description else {}
    parameters = {"parameters": [*operation.parameters]} if operation.parameters else {}
    return {
        "tags": [operation.tag[0]],
        "operationId": operation.operation_id,
        "summary": operation.summary,
        **description,
        **parameters,
        "x-access": operation.access,
        "security": security.required(operation.access),
        "responses": {
            "200": {
                "description": operation.answers,
                "headers": headers.referred(REQUEST_ID),
                "content": {
                    "application/json": {
                        "schema": reference(operation.answer.__name__),
                        "example": operation.example,
                    }
                },
            },
            **problems.answers(operation.refusals, problems.schema_name(operation.operation_id)),
        },
    }


def _schemas() -> dict[str, Any]:
    _, made = models_json_schema(
        [(one.answer, "serialization") for one in _OPERATIONS],
        ref_template=reference("{model}")["$ref"],
        schema_generator=_Untitled,
    )
    models = {name: _without_title(schema) for name, schema in made["$defs"].items()}
    refused = {
        problems.schema_name(one.operation_id): problems.schema_of(one.refusals)
        for one in _OPERATIONS
    }
    return {**problems.schemas(), **refused, **models}


def _without_title(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "title"}


OWN_DOCUMENT: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Saldo gateway",
        "version": API_VERSION,
        "description": "What the gateway answers itself, composed of the services' answers.",
    },
    "servers": [{"url": "/"}],
    "tags": [
        {"name": name, "description": about} for name, about in (one.tag for one in _OPERATIONS)
    ],
    "paths": {one.path: {"get": _described(one)} for one in _OPERATIONS},
    "components": {
        "schemas": _schemas(),
        "headers": headers.COMPONENTS,
        "securitySchemes": {name: security.SCHEMES[name] for name in security.OF_USERS},
    },
}
add_limits(OWN_DOCUMENT)
