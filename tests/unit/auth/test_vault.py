"""What AUTH_KEY_SECRET protects."""

import pytest
from pydantic import SecretStr

from auth.crypto.vault import KeyVault, WrongKeySecretError

SECRET = SecretStr("a secret of this test, long enough")
VAULT = KeyVault(SECRET)
OTHER = KeyVault(SecretStr("another secret of this test, as long"))


def test_a_locked_key_is_unlocked_by_the_same_secret_only() -> None:
    stored = VAULT.lock("kid", b"private")
    assert b"private" not in stored
    assert VAULT.unlock("kid", stored) == b"private"
    with pytest.raises(WrongKeySecretError, match="AUTH_KEY_SECRET"):
        OTHER.unlock("kid", stored)


def test_a_key_cannot_be_passed_off_as_another_or_be_altered() -> None:
    stored = VAULT.lock("kid", b"private")
    changed = stored[:-1] + bytes([stored[-1] ^ 1])
    for kid, altered in (("other", stored), ("kid", changed), ("kid", b"short")):
        with pytest.raises(WrongKeySecretError):
            VAULT.unlock(kid, altered)


def test_locking_twice_gives_two_texts() -> None:
    assert VAULT.lock("kid", b"private") != VAULT.lock("kid", b"private")


def test_a_stored_session_key_alone_makes_no_refresh_token() -> None:
    stored = bytes(range(32))
    assert VAULT.refresh_key(stored) == VAULT.refresh_key(stored)
    assert VAULT.refresh_key(stored) not in (stored, OTHER.refresh_key(stored))


def test_old_secrets_read_and_the_first_one_writes() -> None:
    both = KeyVault(SecretStr("another secret of this test, as long"), SECRET)
    assert both.unlock("kid", VAULT.lock("kid", b"private")) == b"private"
    assert OTHER.unlock("kid", both.lock("kid", b"private")) == b"private"
    stored = bytes(range(32))
    assert both.refresh_key(stored) == OTHER.refresh_key(stored)
    assert both.refresh_keys(stored) == [OTHER.refresh_key(stored), VAULT.refresh_key(stored)]
