"""Shapes what is said of a card page: the way there and back, the receipt."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from kit.web.fields import RETURN_URL, refuse_field, return_url
from kit.web.schemas import Model

_LONGEST_URL = 2000

ReturnUrl = Annotated[
    str,
    Field(
        max_length=_LONGEST_URL,
        json_schema_extra=RETURN_URL,
        examples=["https://shop.example/thanks"],
    ),
    AfterValidator(return_url),
]


class NextAction(Model):
    """What has to be done next by who pays: open this address."""

    type: Literal["redirect"] = "redirect"
    url: str = Field(examples=["https://pay.example/c/42"])


class ReceiptContact(Model):
    """Where the legally required receipt goes: an e-mail address, a phone, or both."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "alice@example.com"}]})

    email: (
        Annotated[str, Field(max_length=254, pattern=r"^[!-?A-~]+@[0-9A-Za-z.-]+\.[0-9A-Za-z-]+$")]
        | None
    ) = None
    phone: Annotated[str, Field(pattern=r"^\+?[0-9]{10,15}$", examples=["79000000000"])] | None = (
        None
    )

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.email is None and self.phone is None:
            raise refuse_field(
                "required", "Name an e-mail address or a phone.", "Укажите почту или телефон."
            )
        return self
