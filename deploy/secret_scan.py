"""Looks for secrets in the repository and in its history, for `make check`.

What counts is the form that issuers give their keys so that they can be found, and passwords in
addresses. Values that are meant to be read by everybody are listed in `tests/known_secrets.txt`.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from deploy.bootstrap import ROOT

KNOWN: Final = ROOT / "tests" / "known_secrets.txt"
# Each begins with letters that stand as they are: so ten megabytes are looked through in a second.
FORMS: Final = tuple(
    re.compile(form)
    for form in (
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}",
        r"sk_live_[A-Za-z0-9_]{16,}",  # Stripe's, and our own API keys
        r"sk_test_[A-Za-z0-9_]{16,}",
        r"rk_live_[A-Za-z0-9]{16,}",
        r"live_(?=\w*[A-Z])[A-Za-z0-9_-]{40,}",  # YooKassa's; names of tests have no capitals
        r"whsec_[A-Za-z0-9+/=]{24,}",  # of webhooks, by Stripe and Standard Webhooks
        r"AKIA[A-Z0-9]{16}\b",  # AWS
        r"ghp_[A-Za-z0-9]{36}",
        r"github_pat_\w{60,}",
        r"glpat-[\w-]{20,}",
        r"xox[abeoprs]-[A-Za-z0-9-]{20,}",  # Slack
        r"AIza[\w-]{35}",  # Google
        r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
        r"npm_[A-Za-z0-9]{36}",
        r"pypi-AgE[\w-]{40,}",
        r":AA[\w-]{33}\b",  # Telegram
        r"eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{40,}",  # a signed JWT
        r"://([^\s/:@]*):(?!\1@)(?P<secret>[^\s/:@\"'<>{}$()*|\\]{8,})@[\w.-]+",  # not user:user@
    )
)
_DIFFS: Final = ("git", "log", "--patch", "--unified=0", "--no-color", "--no-ext-diff")
_FILES: Final = ("git", "grep", "--untracked", "--no-color", "-hI", "")


def found(text: str) -> set[str]:
    """Return what looks like a secret in a text."""
    matches = (match for form in FORMS for match in form.finditer(text))
    return {match.groupdict().get("secret", match[0]) for match in matches}


def known() -> set[str]:
    """Return the values that are no secrets; a line that begins with # says why."""
    lines = KNOWN.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def main(root: Path = ROOT) -> None:
    """Fail where a file of a clone, or an earlier version of one, holds a secret."""
    try:
        texts = [_output(root, _FILES), _output(root, _DIFFS)]
    except (FileNotFoundError, subprocess.CalledProcessError):
        print("secrets: not looked for, as this is no clone of the repository")
        return
    if secrets := set().union(*map(found, texts)) - known():
        sys.exit(_told(secrets))


def _told(secrets: Iterable[str]) -> str:
    """Return what is said of secrets: their beginnings, as this may be a public log."""
    lines = [f"  {one[:16]}…" for one in sorted(secrets)]
    head = "These look like secrets. A real one is changed where it is used, not only taken out:"
    return "\n".join([head, *lines])


def _output(root: Path, command: tuple[str, ...]) -> str:
    done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


if __name__ == "__main__":
    main()
