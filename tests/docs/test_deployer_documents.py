"""The documents of the deployer say what there is: every verb, option, exit code, variable and finding, and links lead to headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_args

import click
import msgspec
import pytest

from deploy import errors
from deploy.changes import Kind, Waiver
from deploy.commands import VERBS
from deploy.record import Outcome, Record
from deploy.rehearsal.story import stories
from deploy.status import Status
from deploy.verification.model import Check
from tests.conftest import ROOT
from tests.docs.test_documents import DOCUMENTS, README

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
COMMANDS = {name: import_module(f"deploy.commands.{name}").command for verbs in VERBS.values() for name in verbs}


def options() -> Iterator[tuple[str, str]]:
    """(verb, option) of all verbs; the verbs of a group are named with it."""
    for name, command in COMMANDS.items():
        inner = command.commands if isinstance(command, click.Group) else {"": command}
        for below, one in inner.items():
            for parameter in one.params:
                if isinstance(parameter, click.Option):
                    yield f"{name} {below}".strip(), next(word for word in parameter.opts if word.startswith("--"))


def section(title: str) -> str:
    """The text below a heading of the runbook, up to the next one of its depth."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", OPERATIONS, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[2]


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_verb_is_documented(verb: str) -> None:
    assert re.search(rf"(python -m )?deploy {verb}\b|`{verb}`", README + OPERATIONS)


@pytest.mark.parametrize(("verb", "option"), sorted(set(options())))
def test_every_option_of_every_verb_is_documented(verb: str, option: str) -> None:
    table = section("The local AWS") if verb.startswith("local") and f"`{option}" not in OPERATIONS else OPERATIONS
    assert f"`{option}" in table


def test_no_option_is_documented_that_no_verb_has() -> None:
    known = {option for _, option in options()} | {"--version", "--help"}
    first = [line.split("|")[1] for line in section("Options and environment variables").splitlines() if line.startswith("| `--")]
    assert {option for cell in first for option in re.findall(r"`(--[a-z-]+)", cell)} == known


def kinds_of_error() -> list[type[errors.DeployError]]:
    return [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.DeployError)]


@pytest.mark.parametrize("kind", kinds_of_error(), ids=lambda kind: kind.__name__)
def test_every_exit_code_has_its_section_and_its_row(kind: type[errors.DeployError]) -> None:
    assert re.search(rf"^### {kind.code}: ", OPERATIONS, re.MULTILINE)
    assert re.search(rf"^\| \[{kind.code}\]", OPERATIONS, re.MULTILINE)
    assert re.search(rf"^\| {kind.code} \|", README, re.MULTILINE)


@pytest.mark.parametrize("kind", [kind for kind in kinds_of_error() if kind.code != 1], ids=lambda kind: kind.__name__)
def test_every_section_shows_a_message_as_it_begins(kind: type[errors.DeployError]) -> None:
    title = next(line.removeprefix("### ") for line in OPERATIONS.splitlines() if line.startswith(f"### {kind.code}: "))
    assert re.search(rf"[✗↺] {kind.word}  ", section(title))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_finding_is_documented(kind: str) -> None:
    assert re.search(rf"^\| {kind} \|", section("Findings and waivers"), re.MULTILINE)


@pytest.mark.parametrize("waiver", get_args(Waiver))
def test_every_waiver_is_documented(waiver: str) -> None:
    assert f"`{waiver} PATH`" in section("Findings and waivers")


@pytest.mark.parametrize("status", [status for status in Status if status.is_stuck and "IMPORT" not in status])
def test_every_status_that_waits_for_a_person_has_a_way_out(status: Status) -> None:
    assert f"`{status}`" in section("Stuck stacks")


def states() -> dict[str, str]:
    """Status -> its rows of the table: those of one status follow each other, and the first names it."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section("By stack state").splitlines():
        first = line.split("|")[1] if line.startswith("|") else ""
        names = re.findall(r"`([A-Z_]+)`", first) or names
        for name in names if first else ():
            found[name] = found.get(name, "") + line + "\n"
    return found


@pytest.mark.parametrize("status", Status)
def test_every_status_is_documented_with_every_way_out_of_it(status: Status) -> None:
    rows = states()[status]
    for way in status.ways_out:
        command = way.command("ENV").removeprefix("python -m ")
        assert f"`{command}`" in rows if command else "AWS Support" in rows, way


def test_no_way_out_is_documented_that_a_status_does_not_have() -> None:
    assert states().keys() == set(Status)
    for name, rows in states().items():
        known = {way.command("ENV").removeprefix("python -m ") for way in Status(name).ways_out}
        assert set(re.findall(r"`(deploy [^`]+)`", rows)) <= known, name


@pytest.mark.parametrize("kind", get_args(Check), ids=lambda kind: kind.__name__)
def test_every_kind_of_check_is_documented(kind: type[msgspec.Struct]) -> None:
    assert re.search(rf"^\| `{kind.__struct_config__.tag}` \|", section("Verification"), re.MULTILINE)


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_is_documented(outcome: str) -> None:
    assert outcome in section("History and the ledger")


@pytest.mark.parametrize("field", Record.__struct_fields__)
def test_every_field_of_a_record_is_documented(field: str) -> None:
    assert f"`{field}`" in section("History and the ledger")


def variables() -> set[str]:
    """What the deployer itself reads; the overlay is told by the process that starts it."""
    files = [path for path in (ROOT / "deploy").rglob("*.py") if "overlay" not in path.parts]
    return {name for path in files for name in re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", path.read_text())}


def test_every_environment_variable_is_documented() -> None:
    table = section("Options and environment variables")
    assert {"NO_COLOR", "TAPLINE_LOCAL"} <= variables()
    for name in variables():
        assert f"| `{name}` |" in table, name


@pytest.mark.parametrize("verb", COMMANDS)
def test_what_a_verb_may_do_is_documented(verb: str) -> None:
    table = (ROOT / "docs" / "security.md").read_text()
    assert re.search(rf"^\|[^|]*`{verb}`[^|]*\|", table, re.MULTILINE)


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_headings_lead_to_one(document: Path) -> None:
    for file, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", document.read_text()):
        target = document.parent / file if file else document
        assert anchor in anchors(target.read_text()), f"{file}#{anchor}"


def test_no_message_names_a_verb_that_is_not_there() -> None:
    texts = [path.read_text() for path in (ROOT / "deploy").rglob("*.py")]
    named = {verb for text in texts for verb in re.findall(r"python -m deploy ([a-z]+)", text)}
    assert named <= COMMANDS.keys()


def test_every_rehearsal_that_a_document_names_is_one_and_can_be_played_where_it_says() -> None:
    told = {one.name: one for one in stories()}
    text = (ROOT / "docs" / "not-verified-on-aws.md").read_text()
    named = re.findall(r"stor(?:y|ies) `([a-z-]+)`", text)
    assert named
    assert set(named) <= {name for name, one in told.items() if not one.in_account}
    assert set(re.findall(r"--only ([a-z-]+)", README + OPERATIONS + text)) <= told.keys()
