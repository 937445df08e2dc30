import pytest

from sandbox.inbox.signatures import secret_key


@pytest.mark.parametrize(
    "text", ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64", "whsec_A"]
)
def test_what_is_no_secret_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        secret_key(text)
