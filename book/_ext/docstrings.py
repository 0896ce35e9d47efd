"""Sphinx extension: a paragraph after a docstring's list of parameters is a note, not one more parameter."""

from typing import Any

BEFORE_NAPOLEON = 400
NOTES = ["Notes", "-----"]


def end_sections(lines: list[str]) -> list[str]:
    """Put a heading before the first plain paragraph that follows a section of entries."""
    result: list[str] = []
    inside = False
    for place, line in enumerate(lines):
        following = lines[place + 1] if place + 1 < len(lines) else ""
        heading = set(following.strip()) == {"-"} and bool(line.strip())
        if heading:
            inside = line.strip() != "Notes"
        starts = inside and line.strip() and not line.startswith(" ") and not heading
        if (
            starts
            and set(line.strip()) != {"-"}
            and result[-1] == ""
            and not is_entry(line, following)
        ):
            result += NOTES
            inside = False
        result.append(line)
    return result


def is_entry(line: str, following: str) -> bool:
    """Whether a line names a parameter (``name : text``) or an error that the next line describes."""
    return " : " in line or following.startswith("    ")


def process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Autodoc's hook; changes the lines in place."""
    lines[:] = end_sections(lines)


def setup(app: Any) -> dict[str, bool]:
    """Register the hook ahead of napoleon's."""
    app.connect("autodoc-process-docstring", process, priority=BEFORE_NAPOLEON)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
