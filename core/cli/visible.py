"""Text from anywhere, made fit for a terminal: nothing in it is an order to it. Prints nothing itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

# All that is no sign: the orders of terminals begin with ESC or with what stands for it from 80 to 9F on, the other
# control characters move the cursor or ring, and those of writing direction make a text look like another one.
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: object) -> str:
    r"""Returns the text with each control character written as \x1b or \u202e; line ends and tabs stay."""
    return UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text).replace("\r\n", "\n"))


class Visible:
    """A table or a line of rich whose texts come from anywhere. What rich itself orders the terminal stays.

    Args:
        content: what is printed.
    """

    def __init__(self, content: RenderableType) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        """Called by rich."""
        for segment in console.render(self._content, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
