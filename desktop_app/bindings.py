"""Keeps what widgets show in step with something that changes as a whole: the language, the theme.

It must not know what is shown; `translation` and `theme` do.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import shiboken6


class Bindings:
    """Setters of widgets, each with a function that makes what it is to be given.

    Widgets are held weakly: one that is gone is forgotten.
    """

    def __init__(self) -> None:
        self._bound: dict[tuple[int, str], tuple[weakref.ref[Any], Callable[[], Any]]] = {}

    def bind(self, setter: Callable[[Any], Any], make: Callable[[], Any]) -> None:
        """Calls the setter now and again at each `refresh`.

        Args:
            setter: a bound method of a QObject, e.g. `label.setText`. Binding it again replaces what it showed.
            make: returns what the setter is given; must not hold the widget.
        """
        owner = setter.__self__  # type: ignore[attr-defined]
        key = (id(owner), setter.__name__)
        self._bound[key] = (weakref.ref(owner, lambda _: self._bound.pop(key, None)), make)
        setter(make())

    def release(self, setter: Callable[[Any], Any]) -> None:
        """Stops refreshing what the setter shows; what it shows stays."""
        self._bound.pop((id(setter.__self__), setter.__name__), None)  # type: ignore[attr-defined]

    def refresh(self) -> None:
        """Gives every living setter what it is to show now."""
        for key, (reference, make) in list(self._bound.items()):
            owner = reference()
            if owner is None or not shiboken6.isValid(owner):
                self._bound.pop(key, None)
            else:
                getattr(owner, key[1])(make())
