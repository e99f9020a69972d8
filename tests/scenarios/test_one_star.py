"""One STAR, from the form post to the green check mark."""

from tests.stage import CASEY, LENA, STARS, Stage, reactions, said


def test_a_form_post_is_announced_in_its_thread_and_in_the_channel(stage: Stage) -> None:
    root = stage.files_star()
    card = stage.until(lambda: stage.card(root))
    assert card["subtype"] == "thread_broadcast"
    assert f"<@{LENA}>" in said(card)
    assert card["text"].startswith("Urgent: reply by 14:30 UTC · #123456")


def test_the_whole_life_of_a_star(stage: Stage) -> None:
    root = stage.files_star()
    issue = stage.until(lambda: next((i for i in stage.issues() if i["notes"]), None))
    assert issue["confidential"] and issue["state"] == "opened"
    assert issue["assignees"] == ["lvogt"]
    stage.until(lambda: "star_submitted" in stage.ticket()["tags"])
    stage.reacts(LENA, root, "eyes")
    stage.until(lambda: "escalated_ticket" in stage.ticket()["tags"])
    stage.reacts(LENA, root, "green-check-mark")
    issue = stage.until(lambda: next((i for i in stage.issues() if i["state"] == "closed"), None))
    stage.quiet()
    issue = stage.issues()[0]
    assert len(issue["notes"]) == 3
    assert all(
        comment["public"] is False for comment in stage.ticket()["comments"] if "STAR" in comment["body"]
    )
    assert "Resolved" in stage.card(root)["text"]
    assert set(reactions(stage.messages(STARS)[0])) >= {"eyes", "green-check-mark"}
    assert CASEY in said(stage.card(root))
