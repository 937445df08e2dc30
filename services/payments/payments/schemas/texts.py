"""Checks free text of a payment; refuses card numbers and invisible characters.

The refusals never repeat the text.
"""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.config import JsonDict

from kit.web.fields import refuse_field
from kit.web.texts import LINE, TEXT, is_visible_line, no_card_number, plain_text

LONGEST_DESCRIPTION: Final = 500
LONGEST_HOLDER: Final = 100
MOST_METADATA: Final = 20
LONGEST_METADATA_KEY: Final = 40
LONGEST_METADATA_VALUE: Final = 500
LARGEST_METADATA_NUMBER: Final = 2**53 - 1  # what every JSON reader keeps exact


def _card_last4(value: Any) -> Any:
    return no_card_number(value) if isinstance(value, str) else value


def _holder(text: str) -> str:
    if not is_visible_line(text):
        raise refuse_field(
            "malformed",
            "Must be a name of visible characters, such as IVAN PETROV.",
            "Должно быть имя из видимых знаков, например IVAN PETROV.",
        )
    return no_card_number(text)


def _metadata(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    fits = len(value) <= MOST_METADATA and all(_fits(key, item) for key, item in value.items())
    if not fits:
        raise refuse_field(
            "malformed",
            f"At most {MOST_METADATA} entries; keys of 1 to {LONGEST_METADATA_KEY} characters;"
            f" values are texts of up to {LONGEST_METADATA_VALUE} characters, whole numbers, true,"
            " false or null.",
            f"Не более {MOST_METADATA} записей; ключи от 1 до {LONGEST_METADATA_KEY} знаков;"
            f" значения — строки до {LONGEST_METADATA_VALUE} знаков, целые числа, true, false"
            " или null.",
        )
    for key, item in value.items():
        no_card_number(key)
        no_card_number(str(item))
    return value


def _fits(key: str, item: Any) -> bool:
    if not 1 <= len(key) <= LONGEST_METADATA_KEY:
        return False
    if isinstance(item, str):
        return len(item) <= LONGEST_METADATA_VALUE
    if isinstance(item, int):
        return abs(item) <= LARGEST_METADATA_NUMBER
    return item is None


_SAID_OF_METADATA: Final[JsonDict] = {
    "propertyNames": {"minLength": 1, "maxLength": LONGEST_METADATA_KEY},
    "additionalProperties": {
        "type": ["string", "integer", "boolean", "null"],
        "maxLength": LONGEST_METADATA_VALUE,
        "minimum": -LARGEST_METADATA_NUMBER,
        "maximum": LARGEST_METADATA_NUMBER,
    },
}
PlainText = Annotated[str, AfterValidator(no_card_number)]

CardLast4 = Annotated[
    str,
    Field(
        description="Last four digits of the card, for the payer to recognise it by.",
        pattern="^[0-9]{4}$",
        examples=["4242"],
    ),
    BeforeValidator(_card_last4),
]

CardHolder = Annotated[
    str,
    Field(
        description="Name on the card.",
        min_length=1,
        max_length=LONGEST_HOLDER,
        json_schema_extra=LINE,
        examples=["IVAN PETROV"],
    ),
    AfterValidator(_holder),
]

PaymentPurpose = Annotated[
    str,
    Field(
        description="What it is for; payee and payer see it.",
        max_length=LONGEST_DESCRIPTION,
        json_schema_extra=TEXT,
        examples=["For the concert tickets"],
    ),
    AfterValidator(plain_text),
    AfterValidator(no_card_number),
]

Metadata = Annotated[
    dict[str, str | int | bool | None],
    Field(
        description="The payer's own notes for programs; the payee does not see them.",
        max_length=MOST_METADATA,
        json_schema_extra=_SAID_OF_METADATA,
        examples=[{"order": "A-1027"}],
    ),
    BeforeValidator(_metadata),
]
