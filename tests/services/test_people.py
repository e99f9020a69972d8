"""The people file is read once, complains about everything at once, and adds what PagerDuty does not know."""

from pathlib import Path

import pytest

from starbot.core.facts import Person
from starbot.errors import SetupError
from starbot.services.people import People, PeopleFile

LENA = Person(
    name="Lena Vogt",
    email="lena.vogt@example.com",
    slack="U0LENA",
    gitlab="lvogt",
    pagerduty="PLENA",
    region="EMEA",
)


def written(folder: Path, text: str) -> Path:
    path = folder / "people.yml"
    path.write_text(text, "utf-8")
    return path


def test_a_person_is_found_by_each_id(tmp_path: Path) -> None:
    people = PeopleFile.read(
        written(
            tmp_path,
            "- name: Lena Vogt\n  email: lena.vogt@example.com\n  slack: U0LENA\n"
            "  gitlab: lvogt\n  pagerduty: PLENA\n  region: EMEA\n",
        )
    )
    for found in (
        Person(name="", slack="U0LENA"),
        Person(name="", pagerduty="PLENA"),
        Person(name="", email="lena.vogt@example.com"),
    ):
        assert people.known(found) == LENA
    assert people.known(Person(name="L.", email="Lena.Vogt@Example.com")).slack == "U0LENA"


def test_what_the_file_knows_is_added_to_what_pagerduty_knows() -> None:
    on_call = Person(name="L. Vogt", pagerduty="PLENA", email="lena.vogt@example.com")
    known = People([LENA]).known(on_call)
    assert known == LENA.model_copy(update={"name": "L. Vogt"})


def test_a_person_without_an_entry_stays_as_they_are() -> None:
    stranger = Person(name="Sam Stranger", pagerduty="PSAM")
    assert People([LENA]).known(stranger) == stranger


def test_an_empty_id_matches_nobody() -> None:
    stranger = Person(name="Sam Stranger")
    assert People([Person(name="Only Name", region="EMEA")]).known(stranger) == stranger


def test_an_empty_file_has_no_people(tmp_path: Path) -> None:
    assert PeopleFile.read(written(tmp_path, "")).known(LENA) == LENA


def test_all_complaints_come_at_once_with_line_and_mend(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "- name: Lena Vogt\n  slack: U0LENA\n- email: x@example.com\n  phone: 12\n"
        "- just text\n- name: Twin\n  slack: U0LENA\n  gitlab: [a, b]\n",
    )
    with pytest.raises(SetupError) as complaint:
        PeopleFile.read(path)
    assert complaint.value.complaints == [
        f"{path}:4: 'phone' is not known: take one of name, slack, gitlab, pagerduty, zendesk, email, region",
        f"{path}:3: has no name: add name:",
        f"{path}:5: is no person: write name: and the ids under it",
        f"{path}:7: slack is the same as in line 2: one of them is wrong",
        f"{path}:8: gitlab must be one word or text",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name: Lena Vogt\n", ":1: is no list: begin each person with a dash"),
        ("- name: [\n", ":2: is no YAML: mend it there"),
        ("[" * 3000, ": is nested too deeply: begin each person with a dash"),
        ("- " * 3000, ": is nested too deeply: begin each person with a dash"),
        (
            "- name: Lena\n  ? [a]\n  : b\n",
            ":2: a list is not known: take one of " + ", ".join(Person.model_fields),
        ),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SetupError) as error:
        PeopleFile.read(path)
    assert error.value.complaints == [f"{path}{complaint}"]


def test_a_zendesk_user_is_a_number(tmp_path: Path) -> None:
    people = PeopleFile.read(written(tmp_path, "- name: Lena Vogt\n  slack: U0LENA\n  zendesk: 4003\n"))
    assert people.known(Person(name="", slack="U0LENA")).zendesk == "4003"
    path = written(tmp_path, "- name: Lena Vogt\n  zendesk: lena@example.com\n")
    with pytest.raises(SetupError) as complaint:
        PeopleFile.read(path)
    assert complaint.value.complaints == [
        f"{path}:2: zendesk must be the number of the user's page in Zendesk"
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        SetupError, match=r"people\.yml: cannot be read \(FileNotFoundError\): check the path"
    ):
        PeopleFile.read(tmp_path / "people.yml")
