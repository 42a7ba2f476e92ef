"""Each story keeps its word: what breaks a release on the environment as it is built, everything else on the disposable one."""

from __future__ import annotations

import pytest
from _pytest.mark import ParameterSet

from deploy.rehearsal.rehearse import perform
from deploy.rehearsal.story import FUNCTIONS, Story, stories
from deploy.rehearsal.theatre import LocalTheatre

BAD_RELEASES = [story for story in stories() if story.in_account == FUNCTIONS]
OTHERS = [story for story in stories() if story.in_account != FUNCTIONS and not story.regions]
OF_TWO_REGIONS = [story for story in stories() if story.regions]
ON_THE_REAL_ONE_TOO = [story for story in OTHERS if story.name in ("nested-update-fails", "loss-by-digest")]


# What `make test` plays as well; `make rehearse` plays all.
ALWAYS = ("broken-by-check", "loss-by-digest")


def cases(chosen: list[Story]) -> list[ParameterSet]:
    return [pytest.param(one, id=one.name, marks=() if one.name in ALWAYS else pytest.mark.rehearsal) for one in chosen]


def test_there_are_stories_enough() -> None:
    assert len(stories()) >= 20
    assert len({story.name for story in stories()}) == len(stories())
    assert all(story.sentence for story in stories())


@pytest.mark.row("R10")
@pytest.mark.parametrize("story", cases([*BAD_RELEASES, *ON_THE_REAL_ONE_TOO]))
def test_the_word_is_kept_with_the_environment_as_it_is_built(real: LocalTheatre, story: Story) -> None:
    outcome = perform(story, real)
    assert outcome.kept, outcome.broken
    if story in BAD_RELEASES:
        assert outcome.to_rollback is not None


@pytest.mark.parametrize("story", cases(OTHERS))
def test_the_word_is_kept(tiny: LocalTheatre, story: Story) -> None:
    outcome = perform(story, tiny)
    assert outcome.kept, outcome.broken


@pytest.mark.row("R16")
@pytest.mark.parametrize("story", cases(OF_TWO_REGIONS))
def test_the_word_is_kept_with_two_regions(two_regions: LocalTheatre, story: Story) -> None:
    outcome = perform(story, two_regions)
    assert outcome.kept, outcome.broken
    assert outcome.to_restored is not None
    assert all(note.startswith("local: ") for note in outcome.notes)
