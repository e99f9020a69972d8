"""What goes over the wire in a story fits what the vendors publish: the bot's requests, and the answers."""

from tests.sandbox.specs import check_answer, check_request, needs_specs
from tests.stage import CASEY, LENA, STARS, Stage, said


@needs_specs
def test_every_request_and_answer_of_a_story_is_as_documented(stage: Stage) -> None:
    root = stage.files_star()
    stage.until(lambda: stage.issues() and stage.card(root))
    stage.presses(LENA, stage.card(root), "star_acknowledge")
    stage.until(lambda: "escalated_ticket" in stage.ticket()["tags"])
    stage.reacts(LENA, root, "green-check-mark")
    question = stage.until(lambda: stage.messages("D0LENA"))[0]
    stage.until(lambda: stage.issues()[0]["state"] == "closed")
    stage.presses(LENA, question, "star_undo")
    stage.until(lambda: stage.issues()[0]["state"] == "opened")
    stage.until(lambda: "star_resolve" in said(stage.card(root)))
    stage.presses(CASEY, stage.card(root), "star_resolve")
    stage.presses(LENA, stage.card(root), "star_resolve")
    stage.sends(LENA, next_step="Anna calls at 15:00.", owner="Anna", customer_hears="today")
    unreadable = stage.files_star(Ticket="N/A")
    stage.until(lambda: stage.messages(STARS, unreadable))
    misplaced = stage.writes(CASEY, "C0SELFM", "Who can look at 123457?")
    stage.reacts(LENA, misplaced, "escalate", "C0SELFM")
    stage.until(lambda: stage.messages("C0SELFM", misplaced))
    stage.until(lambda: stage.issues()[0]["state"] == "closed")
    stage.passes(minutes=11)
    stage.until(lambda: any("label_events" in row["path"] for row in stage.requests("gitlab")))
    stage.quiet()
    complaints = []
    for row in stage.requests():
        asked = (row["service"], row["method"], row["path"])
        if "/oauth/" not in row["path"]:
            complaints += check_request(*asked, row["query"], row["request"])
            complaints += check_answer(*asked, row["status"], row["response"])
    assert complaints == []
