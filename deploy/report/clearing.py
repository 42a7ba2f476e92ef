"""What a removal would take away: a row an object, by bucket, then what stays and why."""

from __future__ import annotations

from itertools import groupby

from deploy.clearing.choice import Choice
from deploy.report.ink import PLAIN, Ink, one_line, plural, size


def text(choice: Choice, ink: Ink = PLAIN) -> str:
    window = f"keeping {plural(choice.keep, 'release')} and those younger than {plural(choice.days, 'day')}"
    lines = [f"{ink('bold', one_line(choice.environment))}  {window}"]
    for bucket, things in groupby(choice.removable, key=lambda thing: thing.bucket):
        lines.append(one_line(bucket))
        lines += [f"    {thing.modified:%Y-%m-%d}  {size(thing.size):>9}  {one_line(thing.key)}" for thing in things]
    if not choice.removable:
        lines.append("nothing is unused; nothing to remove")
    else:
        lines.append(f"{plural(len(choice.removable), 'object')}, {size(choice.size)}: nothing needs them")
    lines.append(f"{choice.used} are needed, {choice.young} not needed and younger than a day: these stay")
    if choice.unknown:
        lines.append(f"{plural(len(choice.unknown), 'object')} that the deployer has not written: left alone")
        lines += [f"    {one_line(thing.bucket)}/{one_line(thing.key)}" for thing in choice.unknown]
    return "\n".join(lines) + "\n"
