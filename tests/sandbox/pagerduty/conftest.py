"""pdpyras as the account's key has it, and a receiver of webhooks on loopback."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.receiver import Receiver

with warnings.catch_warnings():
    # pdpyras says at import that another library takes its place.
    warnings.simplefilter("ignore")
    import pdpyras


@pytest.fixture
def api(desk: Any) -> Any:
    session = pdpyras.APISession("pd-sandbox", default_from="lena.vogt@example.com")
    session.url = f"{desk.url}/pagerduty"
    return session


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()
