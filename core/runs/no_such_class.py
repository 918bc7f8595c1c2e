"""What is told of a class that a run can't draw. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import UserError, closest


def no_such_class(label: str, classes: Sequence[str]) -> UserError:
    """Returns the error that names the class that is like it, and those there are.

    Args:
        label: what the user asked for.
        classes: what the run draws by; none where it was not trained by class.
    """
    if not classes:
        return UserError(
            "The run was not trained by class: it can't draw '{label}'.",
            hint="Leave the class empty, or train a run by class.",
            label=label,
        )
    guess = closest(label, classes)
    return UserError(
        "The run can't draw '{label}'.",
        hint="Did you mean '{guess}'? It has learnt: {classes}." if guess else "It has learnt: {classes}.",
        label=label,
        guess=guess,
        classes=", ".join(classes[:20]),
    )
