"""All texts that the window holds: parents before their branches, and no more than the memory is worth."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from desktop_app.written_text import WrittenText

MOST_TOKENS = 50_000  # of earlier texts are kept, some 200 MB with their alternatives; the oldest texts go first
MOST_LOOKED_AT = 8  # texts whose attention is kept


class WrittenTexts:
    """A list of texts. What forgets some of them returns whether it did."""

    def __init__(self) -> None:
        self._texts: list[WrittenText] = []

    def __iter__(self) -> Iterator[WrittenText]:
        return iter(self._texts)

    def __contains__(self, text: object) -> bool:
        return text in self._texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, place: int) -> WrittenText:
        return self._texts[place]

    def add(self, text: WrittenText) -> None:
        """Adds a text; its parent, if it has one, is there already."""
        self._texts.append(text)

    def clear(self) -> None:
        """Forgets all."""
        self._texts = []

    def drop_empty(self, coming: Collection[WrittenText | None] = ()) -> bool:
        """Forgets texts of which nothing came.

        Args:
            coming: of these something may come yet.
        """
        return self._keep([text for text in self._texts if text.tokens or text in coming])

    def make_room(self, shown: WrittenText | None) -> bool:
        """Forgets the oldest texts where there are very many tokens.

        Args:
            shown: stays in any case.
        """
        kept, tokens = [], 0
        for text in reversed(self._texts):
            tokens += len(text.tokens)
            if tokens <= MOST_TOKENS or text is shown:
                kept.append(text)
        return self._keep(kept[::-1])

    def bound_attention(self, newest: WrittenText) -> None:
        """Forgets the attention of all but a few texts; it is asked for again when they are looked at again."""
        seeing = [text for text in self._texts if text.attention is not None and text is not newest]
        for text in seeing[: max(0, len(seeing) - MOST_LOOKED_AT + 1)]:
            text.attention, text.examined = None, False

    def _keep(self, kept: list[WrittenText]) -> bool:
        fewer = len(kept) < len(self._texts)
        self._texts = kept
        return fewer
