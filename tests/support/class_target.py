"""What targets that are classes say of themselves, for tests that build a model without data."""


def class_target(names):
    """As `ClassTargets.summary` returns it.

    Args:
        names: the classes', or how many there are.
    """
    return {"target": "class", "classes": [str(name) for name in (range(names) if isinstance(names, int) else names)]}
