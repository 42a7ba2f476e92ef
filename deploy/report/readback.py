"""What was read back, as a table a bucket: counts where all is well, a row for whatever is not."""

from __future__ import annotations

from itertools import groupby

from deploy.readback import Read, ReadBack
from deploy.report import values
from deploy.report.ink import PLAIN, Ink, cells, one_line, pad, plural, size

_COLUMNS = ("what", "object", "state", "found")


def text(found: ReadBack, ink: Ink = PLAIN) -> str:
    kept = f", kept as release {values.release(found.kept)}" if found.kept else ""
    lines = [f"{ink('bold', one_line(found.environment))}  manifest {found.manifest[:12]}{kept}"]
    for bucket, group in groupby(found.objects, key=lambda read: read.bucket):
        lines += _bucket(bucket, list(group), ink)
    lines += [f"    -> {one_line(way)}" for way in found.ways_out]
    return "\n".join(lines) + "\n"


def _bucket(bucket: str, objects: list[Read], ink: Ink) -> list[str]:
    wrong = [one for one in objects if one.state != "as published"]
    sign = ink("bold red", ink.symbol("failed")) if wrong else ink("green", ink.symbol("done"))
    good = f"{plural(len(objects) - len(wrong), 'object')} as published, {size(sum(one.size for one in objects))} read"
    lines = [f"{sign} {one_line(bucket)}: {good}{f', {len(wrong)} not' if wrong else ''}"]
    if wrong:
        rows = [_COLUMNS, *((one_line(one.what), one_line(one.key), one.state, one_line(one.problem)) for one in wrong)]
        widths = [max(cells(row[column]) for row in rows) for column in range(len(_COLUMNS))]
        lines += [f"    {'  '.join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()}" for row in rows]
    return lines
