"""Shapes users' requests and answers, with examples; the domain has the rules."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from auth.domain import lookalikes, names, passwords
from auth.domain.emails import EmailChange
from auth.domain.users import Role, User, UserStatus
from auth.refusals import NameMissing
from kit.refusals import FieldRefusal, Language
from kit.web.fields import never_null, refuse_by, refuse_field
from kit.web.schemas import Model
from kit.web.texts import LINE

_USER_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90"
_LINK_TOKEN = "iX8kq0Zk0oTzU1Yy3Jr4cN2bHw7pQe5sLd9vMf6tGaE"  # noqa: S105 - an example


def checked(rule: Callable[[str], str]) -> AfterValidator:
    """Make a domain rule a field's rule, with its own code and texts."""

    def check(text: str) -> str:
        try:
            return rule(text)
        except FieldRefusal as refusal:
            raise refuse_field(refusal.code, refusal.detail_en, refusal.detail_ru) from None

    return AfterValidator(check)


# Lengths are checked before the rule, so that a text of 10 KB costs nothing.
Username = Annotated[
    str,
    Field(
        min_length=names.USERNAME_SHORTEST,
        max_length=names.USERNAME_LONGEST,
        description="Visible characters, no spaces, no “@”; unique, ignoring case.",
        json_schema_extra={"pattern": r"^[^@\s\u0000-\u001f\u007f-\u009f]*$"},
        examples=["alice"],
    ),
    checked(lookalikes.new_username),
]
Email = Annotated[
    str,
    Field(
        max_length=names.EMAIL_LONGEST,
        json_schema_extra={"format": "idn-email"},
        examples=["alice@example.com"],
    ),
    checked(names.email),
]
FullName = Annotated[
    str,
    Field(max_length=names.FULL_NAME_LONGEST, json_schema_extra=LINE, examples=["Alice Liddell"]),
    checked(names.full_name),
]
NewPassword = Annotated[
    str,
    Field(
        min_length=passwords.SHORTEST,
        max_length=passwords.LONGEST,
        description="Any characters; the most common passwords are refused.",
        examples=["correct horse battery staple"],
    ),
    checked(passwords.new_password),
]
LoginName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=names.EMAIL_LONGEST,
        description="Username or e-mail address.",
        examples=["alice"],
    ),
]
GivenPassword = Annotated[
    str,
    Field(min_length=1, max_length=passwords.LONGEST, examples=["correct horse battery staple"]),
]
LinkToken = Annotated[str, Field(min_length=1, max_length=128, examples=[_LINK_TOKEN])]


class RegisterRequest(Model):
    """A new user, with a username, an e-mail address, or both."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"username": "carol", "password": "correct horse battery staple"}]
        }
    )

    username: Username | None = None
    email: Email | None = None
    password: NewPassword
    full_name: FullName | None = None

    @model_validator(mode="after")
    def _need_a_name(self) -> Self:
        if self.username is None and self.email is None:
            refusal = NameMissing()
            raise refuse_by(refusal, refusal.errors[0])
        return self


class UserAnswer(Model):
    """A user as they themselves and administrators see them."""

    id: UUID = Field(examples=[_USER_ID])
    number: int = Field(description="A short number for banks and people.", examples=[1042])
    username: str | None = Field(examples=["alice"])
    email: str | None = Field(examples=["alice@example.com"])
    full_name: str | None = Field(examples=["Alice Liddell"])
    language: Language = Field(description="The language of mails.", examples=["ru"])
    status: UserStatus = Field(examples=["active"])
    is_active: bool = Field(examples=[True])
    roles: list[Role] = Field(examples=[["user"]])
    created_at: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    activated_at: datetime | None = Field(examples=["2026-01-31T12:05:00Z"])

    @classmethod
    def of(cls, user: User) -> Self:
        """Show a user."""
        return cls(
            id=user.id,
            number=user.number,
            username=user.username,
            email=user.email,
            full_name=user.full_name,
            language=user.language,
            status=user.status,
            is_active=user.status is UserStatus.ACTIVE,
            roles=sorted(user.roles),
            created_at=user.created_at,
            activated_at=user.activated_at,
        )


class ActivationLink(Model):
    """A link that activates a user; opening it is enough."""

    url: str = Field(examples=[f"http://localhost:8000/v1/auth/activate?token={_LINK_TOKEN}"])
    token: str = Field(examples=[_LINK_TOKEN])
    expires_at: datetime = Field(examples=["2026-02-02T12:00:00Z"])


class RegisterAnswer(Model):
    """The new user, and the activation link if one is needed and not mailed."""

    user: UserAnswer
    activation: ActivationLink | None = None


class ActivateRequest(Model):
    """The token of an activation link."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"token": _LINK_TOKEN}]})

    token: LinkToken


class ActivateAnswer(Model):
    """The user, now active."""

    user: UserAnswer


class ResendRequest(Model):
    """The user who needs another activation link."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"username": "carol", "password": "correct horse battery staple"}]
        }
    )

    username: LoginName
    password: GivenPassword


class ResendAnswer(Model):
    """The new link, or null if it was mailed; older links no longer work."""

    activation: ActivationLink | None = None


class LinkForm(BaseModel):
    """The form that the activation page's button sends."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"token": _LINK_TOKEN}]},
    )

    token: LinkToken


class ForgotRequest(Model):
    """The e-mail address of a user who forgot the password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "alice@example.com"}]})

    email: Email


class ForgotAnswer(Model):
    """The answer, which is the same for every address, known or not."""

    accepted: Literal[True] = True


class ResetRequest(Model):
    """The token of a mailed link, and the new password."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"token": _LINK_TOKEN, "password": "correct horse battery staple"}]
        }
    )

    token: LinkToken
    password: NewPassword


class PasswordChange(Model):
    """The password as it is, and as it is to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "current_password": "correct horse battery staple",
                    "new_password": "a better horse and staple",
                }
            ]
        }
    )

    current_password: GivenPassword
    new_password: NewPassword


class ResetForm(LinkForm):
    """The form that the reset page sends.

    The operation checks the password, so that the page can show the refusal.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"token": _LINK_TOKEN, "password": "correct horse battery staple"}]
        }
    )

    password: str = Field(max_length=1024, examples=["correct horse battery staple"])


class DeleteMe(Model):
    """The password; it may be left out shortly after a login."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"password": "correct horse battery staple"}]}
    )

    password: GivenPassword | None = None


class MePatch(Model):
    """A change to one's own profile; fields left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"full_name": "Alice Liddell"}]})

    username: Annotated[Username | None, Field(json_schema_extra=never_null)] = None
    full_name: FullName | None = None
    language: Language | None = Field(
        default=None, description="The language of mails.", examples=["ru"]
    )

    @model_validator(mode="after")
    def _keep_the_username(self) -> Self:
        if "username" in self.model_fields_set and self.username is None:
            raise refuse_field(
                "username_needed",
                "A username can be changed, not removed.",
                "Имя пользователя можно изменить, но не удалить.",
                field="username",
            )
        return self


class UserPatch(Model):
    """A change to a user by an administrator; fields left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_active": True}]})

    is_active: bool | None = Field(default=None, examples=[False])
    roles: list[Role] | None = Field(
        default=None,
        max_length=8,
        description="All roles that the user is to have; everybody has `user`.",
        examples=[["user", "admin"]],
    )


class KnownUser(Model):
    """What other services may know about a user."""

    user_id: UUID = Field(examples=[_USER_ID])
    number: int = Field(examples=[1042])
    username: str | None = Field(examples=["alice"])
    status: UserStatus = Field(examples=["active"])

    @classmethod
    def of(cls, user: User) -> Self:
        """Show a user to a service."""
        return cls(user_id=user.id, number=user.number, username=user.username, status=user.status)


class Contact(Model):
    """A user's address and the language of mails."""

    user_id: UUID = Field(examples=[_USER_ID])
    email: str | None = Field(examples=["alice@example.com"])
    username: str | None = Field(examples=["alice"])
    language: Language = Field(description="The language of mails.", examples=["ru"])
    pending_email: str | None = Field(
        description="The address that is to confirm that it is theirs.", examples=[None]
    )

    @classmethod
    def of(cls, user: User, change: EmailChange | None) -> Self:
        """Show how a user can be reached."""
        return cls(
            user_id=user.id,
            email=user.email,
            username=user.username,
            language=user.language,
            pending_email=change and change.email,
        )


class Contacts(Model):
    """Users' addresses, in no particular order."""

    items: list[Contact]
