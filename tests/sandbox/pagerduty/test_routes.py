"""pdpyras against the sandbox over loopback, its wire held against PagerDuty's OpenAPI description."""

from typing import Any

from tests.sandbox.specs import check_answer, check_request, needs_specs

MANAGERS = ["PSAPAC", "PSEMEA", "PSAMER"]


def on_call(api: Any, schedules: list[str] = MANAGERS) -> list[tuple[str, str]]:
    params = {"schedule_ids[]": schedules, "include[]": ["users"]}
    found = api.list_all("oncalls", params=params)
    return [(entry["user"]["email"], entry["schedule"]["summary"]) for entry in found]


def test_the_same_manager_comes_once_for_each_policy(api: Any) -> None:
    assert on_call(api) == [("lena.vogt@example.com", "Support Manager - EMEA")] * 2


def test_on_call_follows_the_clock(desk: Any, api: Any) -> None:
    desk.post("clock", advance_s=2 * 3600)
    assert {who for who, _ in on_call(api)} == {"maria.santos@example.com"}


def test_without_a_filter_there_are_entries_without_a_schedule(api: Any) -> None:
    always = [entry for entry in api.list_all("oncalls") if entry["schedule"] is None]
    assert {entry["user"]["summary"] for entry in always} >= {"Dana Okafor"}
    assert all(entry["start"] is None and entry["end"] is None for entry in always)


def test_earliest_gives_the_next_of_each(api: Any) -> None:
    params = {
        "schedule_ids[]": ["PSEMEA"],
        "escalation_policy_ids[]": ["PEMGRS"],
        "since": "2026-11-17T14:00:00Z",
        "until": "2026-11-20T14:00:00Z",
    }
    assert len(api.list_all("oncalls", params=params)) == 4
    (first,) = api.list_all("oncalls", params={**params, "earliest": "true"})
    assert first["start"] == "2026-11-17T08:00:00Z"


def test_nobody_and_two_can_be_on_call(desk: Any, api: Any) -> None:
    desk.post("pagerduty/act", action="extra", schedule="Support Manager - EMEA", user="Tomas Novak", hours=1)
    assert {who.split(".")[0] for who, _ in on_call(api)} == {"lena", "tomas"}
    desk.post("pagerduty/act", action="clear")
    desk.post("pagerduty/act", action="gap", hours=1)
    assert on_call(api) == []
    desk.post("clock", advance_s=3700)
    assert {who for who, _ in on_call(api)} == {"lena.vogt@example.com"}


def test_an_unknown_schedule_in_an_act_says_which_there_are(desk: Any) -> None:
    answer = desk.ask("pagerduty/act", action="gap", schedule="nope")
    assert "Support Manager - APAC" in answer.json()["error"]


def test_schedules_are_found_by_name(api: Any) -> None:
    names = [one["name"] for one in api.list_all("schedules", params={"query": "support manager"})]
    assert names == ["Support Manager - APAC", "Support Manager - EMEA", "Support Manager - AMER"]


def test_a_schedule_shows_its_shifts_cut_at_the_range(desk: Any, api: Any) -> None:
    desk.post("pagerduty/act", action="gap", schedule="PSEMEA", hours=1)
    params = {"since": "2026-11-17T13:00:00Z", "until": "2026-11-17T17:00:00Z"}
    shown = api.rget("/schedules/PSEMEA", params=params)["final_schedule"]
    times = [(entry["start"][11:16], entry["end"][11:16]) for entry in shown["rendered_schedule_entries"]]
    assert [times[0][0], times[-1][1]] == ["13:00", "16:00"]
    assert len(times) == 2
    assert shown["rendered_coverage_percentage"] == 50.0


def test_the_users_of_a_schedule_in_a_range(api: Any) -> None:
    params = {"since": "2026-11-17T00:00:00Z", "until": "2026-11-30T00:00:00Z"}
    users = api.rget("/schedules/PSEMEA/users", params=params)
    assert [one["name"] for one in users] == ["Lena Vogt", "Tomas Novak"]


def test_services_and_policies_carry_the_names_of_the_handbook(api: Any) -> None:
    services = {one["name"] for one in api.list_all("services")}
    assert {"Customer Support", "Support Managers", "Customer Emergencies - APAC Backup Pool"} <= services
    policies = {one["name"] for one in api.list_all("escalation_policies")}
    assert "Customer Emergency Rotation" in policies


def test_lists_are_paged_by_offset(api: Any) -> None:
    assert len(list(api.iter_all("users", page_size=5))) == 19
    page = api.get("/users", params={"limit": 5, "offset": 15, "total": "true"}).json()
    assert (len(page["users"]), page["more"], page["total"]) == (4, False, 19)


def test_a_wrong_key_is_refused(desk: Any) -> None:
    answer = desk.http.get("/pagerduty/users", headers={"Authorization": "Token token=wrong"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 2006)


@needs_specs
def test_the_wire_fits_the_description(desk: Any) -> None:
    since = "since=2026-11-16T00:00:00Z&until=2026-11-18T00:00:00Z"
    paths = (
        "/oncalls?schedule_ids[]=PSEMEA&include[]=users&earliest=true",
        f"/oncalls?{since}&limit=100&include[]=schedules&include[]=escalation_policies",
        "/schedules?query=manager",
        f"/schedules/PSEMEA?{since}&overflow=true&time_zone=Europe/Amsterdam",
        f"/schedules/PSEMEA/users?{since}",
        "/users?query=lena",
        "/users/PLENA",
        "/services",
        "/escalation_policies?limit=2&total=true",
        "/abilities",
        "/users/PNOBODY",
    )
    for path in paths:
        answer = desk.http.get(f"/pagerduty{path}", headers={"Authorization": "Token token=pd-sandbox"})
        local, _, query = path.partition("?")
        assert check_answer("pagerduty", "GET", local, answer.status_code, answer.json()) == []
        assert check_request("pagerduty", "GET", local, query, None) == []


@needs_specs
def test_the_checker_complains() -> None:
    assert check_request("pagerduty", "GET", "/oncalls", {"schedule_ids": "x"}, None)
    assert check_answer("pagerduty", "GET", "/oncalls", 200, {"oncalls": [{"escalation_level": "x"}]})
    assert check_answer("pagerduty", "GET", "/users", 401, {"error": "no"} | {"error": {}})
