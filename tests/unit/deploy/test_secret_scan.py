"""What looks like a secret is found in files and in what they held before."""

import subprocess
from pathlib import Path

import pytest
from deploy import secret_scan

# Put together here, or they would be found in this file.
SECRETS = [
    "sk_" + "live_51H8xYzAbCdEfGhIjKlMn",
    "sk_" + "test_4eC39HqLyjWDarjtT1zdp7dc",
    "live" + "_Zq3vYx7LmN2pRs5UwKj4HbGcFd9Ea1Zq3vYx7LmN2pRs",
    "AKIA" + "IOSFODNN7ABCDEFG",
    "ghp_" + "a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6",
    "whsec" + "_q8Zt3vYx7LmN2pRs5UwKj4HbGcFd",
    "-----BEGIN EC " + "PRIVATE KEY-----\n" + "M" * 64,
    "12345678:AA" + "x" * 33,
]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "nothing in it")
    return tmp_path


def git(clone: Path, *words: str) -> None:
    name = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", *name, *words], cwd=clone, check=True)  # noqa: S603, S607


def commit(clone: Path, text: str) -> None:
    (clone / "notes.txt").write_text(text)
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "--message", "notes")


@pytest.mark.check(68)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_is_known_by_its_form(secret: str) -> None:
    assert secret_scan.found(f"key = '{secret}'\n")


def test_of_an_address_the_password_is_the_secret() -> None:
    password = "q8Zt3vYx7Lm"
    assert secret_scan.found(f"redis://:{password}@redis:6379/0") == {password}
    assert secret_scan.found("postgresql://wallet:wallet@127.0.0.1/saldo") == set()
    assert secret_scan.found("postgresql://wallet:${WALLET_PASSWORD}@db/saldo") == set()


@pytest.mark.check(68)
def test_what_was_taken_out_again_is_found_and_shown_by_its_beginning(clone: Path) -> None:
    secret_scan.main(clone)
    commit(clone, SECRETS[0])
    commit(clone, "taken out")
    with pytest.raises(SystemExit, match="sk_" + "live_51H8xYzA…") as told:
        secret_scan.main(clone)
    assert SECRETS[0] not in str(told.value)


def test_what_is_meant_to_be_read_is_no_secret(clone: Path) -> None:
    commit(clone, "\n".join(secret_scan.known()))
    secret_scan.main(clone)


def test_where_there_is_no_clone_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret_scan.main(tmp_path)
    assert "not looked for" in capsys.readouterr().out
