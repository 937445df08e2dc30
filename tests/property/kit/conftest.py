"""Keeps the log quiet where thousands of faults are the point."""

import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    level = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(**{**before, "wrapper_class": level})
    yield
    structlog.configure(**before)
