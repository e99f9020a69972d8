"""The journal."""

import asyncio

from starbot_sandbox.journal import Journal, readable


def test_rows_are_numbered_and_the_numbers_outlive_a_reset() -> None:
    journal = Journal()
    journal.add({"path": "/a"})
    journal.clear()
    journal.add({"path": "/b"})
    assert journal.since(0) == [{"n": 2, "path": "/b"}]
    assert journal.since(2) == []


def test_a_waiting_reader_gets_a_row_as_soon_as_there_is_one() -> None:
    async def story() -> list[dict[str, object]]:
        journal = Journal()
        waiting = asyncio.create_task(journal.wait(0, 5))
        await asyncio.sleep(0)
        journal.add({"path": "/a"})
        return await waiting

    assert [row["path"] for row in asyncio.run(story())] == ["/a"]


def test_bodies_are_readable_and_hold_no_secret() -> None:
    form = b"token=xoxb-1&channel=C1&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D"
    assert readable(form, "application/x-www-form-urlencoded") == {
        "token": "[redacted]",
        "channel": "C1",
        "blocks": [{"type": "divider"}],
    }
    assert readable(b'{"access_token": "abc", "expires_in": 5}', "") == {
        "access_token": "[redacted]",
        "expires_in": 5,
    }
    assert readable(b"Retry later\n", "") == "Retry later\n"
