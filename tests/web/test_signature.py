"""Which signatures are Slack's, by Slack's own example and client library; which came before, and for how long."""

from slack_sdk.signature import Clock, SignatureVerifier

from starbot.web.signature import Refused, Replays, Seen, Signatures

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
"""The example of docs.slack.dev/authentication/verifying-requests-from-slack."""
SENT_AT = 1531420618
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
    b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
    b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
    b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


class At(Clock):
    """The moment that slack_sdk shall take for now."""

    def now(self) -> float:
        return float(SENT_AT)


def verdict(signature: str, sent_at: str, body: bytes = BODY, later_s: float = 0) -> bool:
    headers = {"x-slack-signature": signature, "x-slack-request-timestamp": sent_at}
    try:
        return Signatures(SECRET, lambda: SENT_AT + later_s).check(headers, body) == signature
    except Refused as no:
        assert no.status == 401 and not no.for_good
        return False


def test_slacks_own_example_is_slacks() -> None:
    assert verdict(SIGNATURE, str(SENT_AT))


def test_the_verdict_is_that_of_slacks_own_library() -> None:
    library = SignatureVerifier(SECRET, At())
    for body in (BODY, BODY + b" ", b"", "Grüße".encode()):
        signed = library.generate_signature(timestamp=str(SENT_AT), body=body) or ""
        for asked in (BODY, body):
            assert verdict(signed, str(SENT_AT), asked) == library.is_valid(asked, str(SENT_AT), signed)


def test_five_minutes_are_enough_for_the_slowest_way_and_no_second_more() -> None:
    for later_s in (0, 300, -300):
        assert verdict(SIGNATURE, str(SENT_AT), later_s=later_s)
    for later_s in (301, -301):
        assert not verdict(SIGNATURE, str(SENT_AT), later_s=later_s)


def test_what_was_taken_is_known_as_long_as_its_time_stamp_is_good() -> None:
    now = [0.0]
    replays = Replays(lambda: now[0])
    assert replays.begin("a") is Seen.NEW
    assert replays.begin("a") is Seen.UNDER_WAY
    replays.end("a", was_taken=True)
    now[0] = 599
    assert replays.begin("a") is Seen.TAKEN
    now[0] = 601
    assert replays.begin("b") is Seen.NEW
    assert replays.begin("a") is Seen.NEW


def test_what_was_not_taken_may_come_again() -> None:
    replays = Replays()
    replays.begin("a")
    replays.end("a", was_taken=False)
    assert replays.begin("a") is Seen.NEW
