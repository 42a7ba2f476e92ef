"""``python -m tests.audit``: generate, run the battery, judge its findings, and write the figures into docs/security.md."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from tests.audit import accepted, figures, marked, subject
from tests.audit.accepted import AcceptedError, AcceptedList, Judgement
from tests.audit.canary import NAME, canary
from tests.audit.finding import Report
from tests.audit.subject import Subject
from tests.audit.tools import TOOLS, Tool
from tests.audit.workplace import AuditError, prepare, version

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs" / "security.md"


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    code = subprocess.run([sys.executable, "generate.py"], cwd=ROOT, check=False, stdout=subprocess.DEVNULL).returncode
    if code:
        print(f"generate.py ended with {code}: run it to see why", file=sys.stderr)
        return code
    try:
        known = accepted.load()
        subjects = subject.read(ROOT / "build")
        reports = audit(subjects, [tool for tool in TOOLS if not options.tool or tool.name in options.tool])
    except (AcceptedError, AuditError) as error:
        print(error, file=sys.stderr)
        return 2
    findings = [finding for report in reports for finding in report.findings]
    judgement = known.judge(findings, date.today(), {report.tool for report in reports})
    show(reports, judgement, subjects)
    if judgement.passed and not options.check and not options.tool:
        _write(reports, judgement, known, subjects)
    return 0 if judgement.passed else 1


def audit(subjects: Sequence[Subject], tools: Sequence[Tool]) -> list[Report]:
    """Every tool over every environment, two at a time.

    Raises:
        AuditError: a tool cannot be installed, crashed, or does not see the faults of the canary.
    """
    with tempfile.TemporaryDirectory(prefix="tapline-audit-") as folder, ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda tool: examine(tool, subjects, Path(folder)), tools))


def examine(tool: Tool, subjects: Sequence[Subject], scratch: Path) -> Report:
    place = prepare(tool.name, ROOT, scratch)
    start = time.monotonic()
    found = tool.examine(place, [*subjects, canary()])
    if not any(finding.environment == NAME for finding in found):
        raise AuditError(f"{tool.name} finds nothing wrong with the canary, a service made of faults: its silence proves nothing")
    return Report(
        tool=tool.name,
        version=version(tool.name, tool.package),
        subjects=tool.count(subjects),
        unit=tool.unit,
        findings=tuple(finding for finding in found if finding.environment != NAME),
        seconds=time.monotonic() - start,
    )


def show(reports: Sequence[Report], judgement: Judgement, subjects: Sequence[Subject]) -> None:
    print(figures.by_tool(reports, judgement))
    print(figures.by_environment(reports, subjects), end="\n\n")
    print(", ".join(f"{report.tool} took {report.seconds:.0f} s" for report in reports), file=sys.stderr)
    for finding in judgement.new:
        print(f"new: {finding}")
    for complaint in judgement.complaints:
        print(complaint)
    print("every finding is accepted with a reason" if judgement.passed else "mend these, or accept them: see docs/security.md")


def _write(reports: Sequence[Report], judgement: Judgement, known: AcceptedList, subjects: Sequence[Subject]) -> None:
    parts = (figures.by_tool(reports, judgement), figures.by_environment(reports, subjects), figures.reasons(judgement, known))
    if marked.replace(DOCUMENT, "audit figures", "\n\n".join(parts)):
        print(f"{DOCUMENT.relative_to(ROOT)} has new figures", file=sys.stderr)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description="Run the wider battery of checkers over build/.")
    parser.add_argument("--check", action="store_true", help="judge the findings, write no figures")
    parser.add_argument("--tool", action="append", choices=[tool.name for tool in TOOLS], help="run this one alone; may be repeated")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
