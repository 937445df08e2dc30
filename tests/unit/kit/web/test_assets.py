"""kit.web.assets: what the pages of the documentation are made of."""

import pytest

from kit.web.assets import packaged_asset


@pytest.mark.parametrize(
    "name", ["redoc.js", "swagger_bundle.js", "swagger_preset.js", "swagger_style.css"]
)
def test_each_file_of_the_pages_is_in_the_package(name: str) -> None:
    assert len(packaged_asset(name)) > 10_000


def test_a_file_that_is_not_packaged_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        packaged_asset("nothing.js")
