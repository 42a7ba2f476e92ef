"""What more environments and more services cost, without validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import copies
from tests.bench.clock import Case, Usage, once, rounds
from tests.bench.own import generate


@dataclass(frozen=True, kw_only=True)
class Step:
    """One size and what a cold run at that size costs."""

    count: int
    templates: int
    usage: Usage


def environments(folder: Path, counts: Sequence[int], runs: int) -> list[Step]:
    place = copies.copy(folder / "many")
    made = {count: copies.environments(place / f"env-{count}", count).name for count in counts}
    return _measure(
        {
            count: Case(name=f"{count} environments", argv=_argv(count, made[count]), cwd=place, prepare=_empty(place, count))
            for count in counts
        },
        runs,
    )


def services(folder: Path, counts: Sequence[int], runs: int) -> list[Step]:
    """``counts`` includes the services that the repository has itself."""
    plain = copies.copy(folder / "plain")
    once(Case(name="plain", argv=_argv(0, "env"), cwd=plain, prepare=_empty(plain, 0)))
    own = len(copies.templates(plain / "out-0")) // len(list((plain / "out-0").glob("*/root.json"))) - 1
    places = {count: copies.with_services(folder / f"services-{count}", max(count - own, 0)) for count in counts}
    return _measure(
        {
            count: Case(name=f"{count} services", argv=_argv(count, "env"), cwd=place, prepare=_empty(place, count))
            for count, place in places.items()
        },
        runs,
    )


def _argv(count: int, env_dir: str) -> list[str]:
    return generate("--no-validate", "--env-dir", env_dir, "--out", f"out-{count}")


def _empty(place: Path, count: int) -> Callable[[], None]:
    return lambda: copies.emptied(place / f"out-{count}")


def _measure(cases: dict[int, Case], runs: int) -> list[Step]:
    usages = rounds(list(cases.values()), runs)
    return [
        Step(count=count, templates=len(copies.templates(case.cwd / f"out-{count}")), usage=usages[case.name])
        for count, case in cases.items()
    ]
