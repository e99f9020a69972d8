"""#spt_managers is private in this world: where it was invited, the bot hears and answers there too."""

from tests.stage import BOT, LENA, MANAGERS, Stage


def test_a_reply_in_a_private_channel_brings_the_answer_too(shared: Stage) -> None:
    post = shared.writes(LENA, MANAGERS, "Who has a minute for ticket 123456?")
    shared.writes(LENA, MANAGERS, ":escalate:", thread_ts=post)
    shared.until(lambda: [m for m in shared.messages(MANAGERS, post) if m.get("user") == BOT])
