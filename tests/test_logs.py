"""No line that is logged holds a secret, or what somebody wrote: whoever logs it, in whichever form."""

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from starbot import logs
from starbot.errors import ServiceRefused

FORMS = ("text", "json")
SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=40).filter(
    lambda secret: not any(secret in plain for plain in (logs.HIDDEN, "timestamp", "exception"))
)


@contextmanager
def written(form: str, *secrets: str) -> Iterator[Callable[[], str]]:
    """Logging as the bot has it; yields what gives all that was written so far."""
    hooks = sys.excepthook, threading.excepthook
    handlers, level = logging.root.handlers[:], logging.root.level
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        logs.set_up("DEBUG", form, secrets)
        try:
            yield out.getvalue
        finally:
            sys.excepthook, threading.excepthook = hooks
            logging.setLogRecordFactory(logging.LogRecord)
            logging.captureWarnings(False)
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level)
            structlog.reset_defaults()


class Keeper:
    """Something whose representation holds a secret."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return f"Keeper({self.secret!r})"


def ours(secret: str) -> None:
    log = structlog.get_logger("starbot")
    log.warning(f"said {secret}", value=secret, **{"key": {secret: [secret, (Keeper(secret),)]}})
    log.error("in bytes", value=secret.encode(), header=f"Token token={secret}", json=json.dumps([secret]))
    try:
        raise OSError(f"no {secret}") from RuntimeError(secret)
    except OSError:
        log.exception("failed")


def libraries(secret: str) -> None:
    log = logging.getLogger("some.library")
    log.warning("%s and %r and %s", secret, secret, {"k": [secret]})
    log.warning(secret)
    log.warning("100 %", secret)
    try:
        raise OSError(f"no {secret}") from RuntimeError(secret)
    except OSError:
        log.exception("failed %s", secret, stack_info=True)


@pytest.mark.parametrize("form", FORMS)
@given(secret=SECRETS)
def test_whatever_record_holds_a_secret_comes_out_without_it(form: str, secret: str) -> None:
    with written(form, "another-secret", secret) as lines:
        ours(secret)
        libraries(secret)
        said = lines()
    assert secret not in said
    assert said.count(logs.HIDDEN) >= 8


@pytest.mark.parametrize(
    "text",
    [
        "xoxb-1234567890-abcdefghijkl",
        "xapp-1-A0123456789-1234567890-abcdef",
        "glpat-abcdefgh12345678",
        "Authorization: Bearer eyJhbGciOi.J9-x_y=",
        "{'Authorization': 'Basic YWdlbnQvdG9rZW46c2VjcmV0'}",
        "Authorization: Token token=y_NbAkKc66ryYTWUXYEu",
        "postgresql+psycopg://starbot:hunter2%40home@db:5432/starbot",
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    ],
)
def test_a_secret_that_nobody_configured_is_known_by_its_shape(text: str) -> None:
    said = logs.Redactor([])(f"before {text} after")
    assert logs.HIDDEN in said and said.startswith("before ") and said.endswith(" after")
    for part in ("1234567890", "abcdefgh", "eyJhb", "YWdl", "y_Nb", "hunter2", "a2114"):
        assert part not in said


@pytest.mark.parametrize(
    "text",
    ["star-7gptcdtc:card is delayed", "https://gitlab.com/group/project/-/issues/1", "the token is missing"],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert logs.Redactor(["xoxb-1", "", "short"])(text) == text


class Form(BaseModel):
    """What a person filled in."""

    ticket: int


CUSTOMER = "They go live tomorrow morning."


def quoting_errors() -> list[Callable[[], object]]:
    return [
        lambda: Form.model_validate({"ticket": CUSTOMER}),
        lambda: Form.model_validate_json(json.dumps({"ticket": CUSTOMER})),
        lambda: int(CUSTOMER),
        lambda: {"a": 1}[CUSTOMER],
        lambda: json.loads(CUSTOMER),
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fail", quoting_errors())
def test_an_error_tells_its_kind_and_place_and_not_what_people_wrote(
    form: str, fail: Callable[[], object]
) -> None:
    with written(form) as lines:
        for name in ("ours", "a library's"):
            log: Any = structlog.get_logger() if name == "ours" else logging.getLogger("library")
            try:
                try:
                    fail()
                except Exception as cause:
                    raise RuntimeError("the event could not be decided") from cause
            except RuntimeError as error:
                log.error("failed", exc_info=error)
        said = lines()
    assert "go live" not in said
    assert said.count("RuntimeError: the event could not be decided") == 2
    assert said.count("in test_an_error_tells_its_kind_and_place_and_not_what_people_wrote") >= 2


def test_what_is_wrong_with_a_value_is_said_without_the_value() -> None:
    with pytest.raises(ValueError) as caught:
        Form.model_validate({"ticket": CUSTOMER})
    assert logs.harmless(caught.value) == "ValidationError: ticket: int_parsing"
    assert logs.harmless(ServiceRefused("slack", "closed", "post")) == "ServiceRefused: slack: post: closed"


def test_each_line_of_json_is_one_object_with_time_level_and_event() -> None:
    with written("json", "hidden-secret") as lines:
        ours("hidden-secret")
        libraries("hidden-secret")
        found = [json.loads(line) for line in lines().splitlines()]
    assert len(found) == 7
    assert all(list(one)[:3] == ["timestamp", "level", "event"] for one in found)
    assert {one.get("logger") for one in found} == {None, "some.library"}


@pytest.mark.parametrize("form", FORMS)
def test_a_thread_that_crashes_says_so_without_the_secret(form: str) -> None:
    def crash() -> None:
        raise OSError("no hidden-secret")

    with written(form, "hidden-secret") as lines:
        thread = threading.Thread(target=crash)
        thread.start()
        thread.join()
        said = lines()
    assert "a thread ended by an error" in said and "OSError: no [redacted]" in said


def test_a_handler_of_a_librarys_own_gets_no_secret_either() -> None:
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    library = logging.getLogger("library.of.its.own")
    library.addHandler(handler)
    with written("text", "hidden-secret"):
        libraries("hidden-secret")
        library.warning("with %s", "hidden-secret")
    library.removeHandler(handler)
    assert heard.getvalue() == "with [redacted]\n"
