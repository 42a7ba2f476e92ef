"""What a destroy would delete, and what stays."""

from __future__ import annotations

from deploy.destruction import Survey
from deploy.report.ink import one_line


def text(survey: Survey) -> str:
    lines = [f"to delete: {', '.join(one_line(name) for name in survey.stacks)}"]
    for title, kept in (("stays, with its data", True), ("goes, with its data", False)):
        found = [holder for holder in survey.holders if holder.kept is kept]
        lines += [f"  {title}:"] if found else []
        lines += [f"    {one_line(holder.path)}  {holder.type}  {one_line(holder.physical_id)} ({holder.policy})" for holder in found]
    for name, paths in survey.blocked.items():
        lines.append(f"  {one_line(name)} could not be deleted because of: {', '.join(one_line(path) for path in paths)}")
    return "\n".join(lines)
