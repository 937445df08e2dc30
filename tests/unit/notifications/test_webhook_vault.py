"""Signing secrets at rest."""

import pytest
from pydantic import SecretStr

from kit.ids import new_id
from notifications.webhooks.vault import SecretVault, WrongWebhookKeyError

VAULT = SecretVault(SecretStr("a" * 32))


def test_a_secret_comes_out_as_it_went_in_and_is_not_seen_at_rest() -> None:
    endpoint_id = new_id()
    secret, stored = VAULT.new(endpoint_id)
    assert len(secret) == 32
    assert secret not in stored
    assert VAULT.unlock(endpoint_id, stored) == secret


def test_no_two_secrets_are_alike() -> None:
    endpoint_id = new_id()
    assert VAULT.new(endpoint_id)[0] != VAULT.new(endpoint_id)[0]


def test_a_secret_is_bound_to_its_endpoint_and_to_the_key() -> None:
    endpoint_id = new_id()
    _, stored = VAULT.new(endpoint_id)
    for vault, other, found in [
        (VAULT, new_id(), stored),
        (SecretVault(SecretStr("b" * 32)), endpoint_id, stored),
        (VAULT, endpoint_id, b""),
    ]:
        with pytest.raises(WrongWebhookKeyError):
            vault.unlock(other, found)


def test_what_an_old_key_has_encrypted_is_still_read_and_nothing_new_is_under_it() -> None:
    endpoint_id, old, new = new_id(), SecretStr("a" * 32), SecretStr("b" * 32)
    rotated = SecretVault(new, SecretStr("c" * 32), old)
    secret, stored = VAULT.new(endpoint_id)
    assert rotated.unlock(endpoint_id, stored) == secret
    later, stored_later = rotated.new(endpoint_id)
    assert SecretVault(new).unlock(endpoint_id, stored_later) == later
    with pytest.raises(WrongWebhookKeyError, match="NOTIFICATIONS_WEBHOOK_OLD_KEYS"):
        VAULT.unlock(endpoint_id, stored_later)
