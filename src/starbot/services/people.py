"""The people file: who is who in Slack, GitLab, PagerDuty and Zendesk, where e-mail alone cannot tell.

A YAML list; each entry has `name` and some of `email`, `slack`, `gitlab`, `pagerduty`, `zendesk` (the user's
number), `region`.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import yaml

from starbot.core.facts import Person
from starbot.errors import SetupError

_KEYS = tuple(Person.model_fields)
_UNIQUE = ("email", "slack", "gitlab", "pagerduty", "zendesk")


class People:
    """Look-ups in a list of people; e-mail addresses match whatever their case."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        everybody = tuple(people)
        self._by_pagerduty = {one.pagerduty: one for one in everybody if one.pagerduty}
        self._by_slack = {one.slack: one for one in everybody if one.slack}
        self._by_email = {one.email.casefold(): one for one in everybody if one.email}

    def known(self, person: Person) -> Person:
        """The person with whatever the file adds, found by any id; what the person brings goes first."""
        found = (
            self._by_pagerduty.get(person.pagerduty)
            or self._by_slack.get(person.slack)
            or self._by_email.get(person.email.casefold())
        )
        if found is None:
            return person
        return Person(**{key: getattr(person, key) or getattr(found, key) for key in _KEYS})


class PeopleFile:
    """Reads the people file."""

    @staticmethod
    def read(path: Path) -> People:
        """The people in it. SetupError with every complaint, each with its line and the mend."""
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SetupError([f"{path}: cannot be read ({type(error).__name__}): check the path"]) from error
        try:
            return _people(text)
        except SetupError as wrong:
            raise SetupError([f"{path}{complaint}" for complaint in wrong.complaints]) from wrong


@lru_cache(maxsize=1)
def _people(text: str) -> People:
    """Kept while the text is the same. SetupError with complaints that begin behind the file's name."""
    try:
        # Not the loader in C: nested as deeply as a hostile file may be, it ends the process.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise SetupError([f"{_line(error)}: is no YAML: mend it there"]) from error
    except RecursionError:
        raise SetupError([": is nested too deeply: begin each person with a dash"]) from None
    return _Reading().people(root)


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


class _Reading:
    """One reading of the file, which goes on after a complaint so that all are made at once."""

    def __init__(self) -> None:
        self._complaints: list[str] = []
        self._seen: dict[tuple[str, str], int] = {}

    def people(self, root: yaml.Node | None) -> People:
        people: list[Person] = []
        if root is None:
            return People()
        if isinstance(root, yaml.SequenceNode):
            people = [self._person(entry) for entry in root.value]
        else:
            self._complain(root, "is no list: begin each person with a dash")
        if self._complaints:
            raise SetupError(self._complaints)
        return People(people)

    def _person(self, entry: yaml.Node) -> Person:
        if not isinstance(entry, yaml.MappingNode):
            self._complain(entry, "is no person: write name: and the ids under it")
            return Person(name="")
        values = dict(self._values(entry))
        if not values.get("name"):
            self._complain(entry, "has no name: add name:")
        return Person(**{"name": "", **values})

    def _values(self, entry: yaml.MappingNode) -> Iterator[tuple[str, str]]:
        for key, value in entry.value:
            if key.value not in _KEYS:
                written = repr(key.value) if isinstance(key, yaml.ScalarNode) else "a list"
                self._complain(key, f"{written} is not known: take one of {', '.join(_KEYS)}")
            elif not isinstance(value, yaml.ScalarNode):
                self._complain(value, f"{key.value} must be one word or text")
            elif key.value == "zendesk" and not value.value.strip().isdecimal():
                self._complain(value, "zendesk must be the number of the user's page in Zendesk")
            else:
                self._check_unique(key.value, value)
                yield key.value, "" if value.tag.endswith(":null") else value.value.strip()

    def _check_unique(self, key: str, value: yaml.ScalarNode) -> None:
        if key not in _UNIQUE or not value.value.strip():
            return
        first = self._seen.setdefault((key, value.value.strip().casefold()), value.start_mark.line + 1)
        if first != value.start_mark.line + 1:
            self._complain(value, f"{key} is the same as in line {first}: one of them is wrong")

    def _complain(self, node: yaml.Node, text: str) -> None:
        self._complaints.append(f":{node.start_mark.line + 1}: {text}")
