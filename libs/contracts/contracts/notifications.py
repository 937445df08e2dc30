"""Defines the commands of notifications: each sends a mail to a user.

They are not answered. Addresses are not in them: notifications asks auth for them when it sends. A
link is a secret until it is used; these commands are the only messages that carry one.
"""

from typing import ClassVar, Literal
from uuid import UUID

from kit.messaging.messages import Command, Timestamp


class SendActivation(Command):
    """Mail a new user the link that activates them."""

    type: ClassVar[str] = "notifications.send_activation.v1"

    user_id: UUID
    url: str
    expires_at: Timestamp
    language: Literal["en", "ru"]


class SendAlreadyRegistered(Command):
    """Tell a user that somebody tried to register with their address."""

    type: ClassVar[str] = "notifications.send_already_registered.v1"

    user_id: UUID
    language: Literal["en", "ru"]


SecurityNews = Literal["password_changed", "email_changed", "api_key_made", "api_key_rotated"]


class SendEmailChange(Command):
    """Mail the link by which the old or the new address confirms a change.

    ``to`` says which: the user's address, or the one that it is to become. Auth knows both.
    """

    type: ClassVar[str] = "notifications.send_email_change.v1"

    user_id: UUID
    to: Literal["old", "new"]
    url: str
    expires_at: Timestamp
    language: Literal["en", "ru"]


class SendSecurityNotice(Command):
    """Tell a user what has changed about how they log in, in case it was not them."""

    type: ClassVar[str] = "notifications.send_security_notice.v1"

    user_id: UUID
    what: SecurityNews
    language: Literal["en", "ru"]


class SendPasswordReset(Command):
    """Mail a user the link by which a new password is set.

    An id that no user has is no mistake: it stands for an address that nobody has, so that asking
    for a reset costs the same for either.
    """

    type: ClassVar[str] = "notifications.send_password_reset.v1"

    user_id: UUID
    url: str
    expires_at: Timestamp
    language: Literal["en", "ru"]
