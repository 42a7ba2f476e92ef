"""``python -m tests.requirements``: runs the tests that name a row, and prints which rows are proven and by which tests."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_TABLE = re.compile(r"^\| (R\d\d) \| (.+) \| (\w+) \|$", re.MULTILINE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """As a plugin of each worker (``-p tests.requirements``): only tests that name a row, and each report tells which."""
    items[:] = [item for item in items if any(item.iter_markers("row"))]
    for item in items:
        item.user_properties += [("row", str(marker.args[0])) for marker in item.iter_markers("row")]


@dataclass(eq=False)  # pytest keeps its plugins in sets
class Rows:
    """A pytest plugin of the process that collects the reports: which tests name which row, and how they ended."""

    by_test: dict[str, list[str]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.by_test[report.nodeid] = [str(row) for name, row in report.user_properties if name == "row"]
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def proving(self, row: str) -> list[str]:
        """Names of the tests that name a row and passed, without their parameters."""
        names = {node.split("[")[0].rsplit("::", 1)[-1] for node in self.passed - self.failed if row in self.by_test.get(node, ())}
        return sorted(names)

    def broken(self, row: str) -> list[str]:
        return sorted(node for node in self.failed if row in self.by_test.get(node, ()))


def rows() -> list[tuple[str, str, str]]:
    """(row, what, the part that completes it), from docs/requirements.md."""
    return _TABLE.findall((ROOT / "docs" / "requirements.md").read_text(encoding="utf-8"))


# The parts of the product that are whole; a row that another part completes is proven only as far as templates go.
WHOLE = {"templates", "deployer", "guard", "promotion", "reach"}


def state(row: str, part: str, plugin: Rows) -> str:
    if plugin.broken(row):
        return "broken"
    if not plugin.proving(row):
        return f"not yet: {part}"
    return "proven" if part in WHOLE else f"in the templates; live by {part}"


def main(arguments: Sequence[str]) -> int:
    plugin = Rows()
    workers = ["-p", "tests.requirements", "-n", "2", "--dist", "loadfile"]
    code = pytest.main(["-q", "--no-header", *workers, str(ROOT / "tests"), *arguments], plugins=[plugin])
    proven = 0
    for row, what, part in rows():
        now = state(row, part, plugin)
        proven += now == "proven"
        print(f"{row}  {now:<34} {what}")
        for test in [*plugin.proving(row), *plugin.broken(row)]:
            print(f"       {test}")
    print(f"\n{proven} of {len(rows())} rows proven")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
