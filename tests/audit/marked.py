"""Figures inside a document that people write: the text between two markers is the program's, the rest is theirs."""

from __future__ import annotations

from pathlib import Path


def replace(document: Path, marker: str, text: str) -> bool:
    """Put ``text`` between `<!-- marker -->` and `<!-- end of marker -->`; whether that changed the file."""
    begin, end = f"<!-- {marker} -->", f"<!-- end of {marker} -->"
    old = document.read_text(encoding="utf-8")
    head, found_begin, rest = old.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"{document.name} has no place for the figures: put {begin} and {end} where they belong")
    new = f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}"
    if new != old:
        document.write_text(new, encoding="utf-8")
    return new != old


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table, columns padded so that it reads in a terminal too; all but the first column to the right."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]

    def line(row: tuple[str, ...]) -> str:
        cells = [cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))]
        return f"| {' | '.join(cells)} |"

    rule = "|".join(("-" * (width + 1) + ":") if column else ("-" * (width + 2)) for column, width in enumerate(widths))
    return "\n".join([line(heads), f"|{rule}|", *map(line, rows)])
