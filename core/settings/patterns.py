"""Looks at a regular expression that may come from elsewhere: it must not keep the program busy for hours.

Python's `re` has no limit of time. So only what is known to be harmless is let through: characters and sets, each of
which may be repeated, anchors, alternatives, and brackets that are not repeated. Whatever else `re` may understand is
refused unread. What is let through is tried in at most so many ways as there are places where a match may choose.
"""

from __future__ import annotations

import re

MOST_CHOICES = 3  # of 255 letters each: a tenth of a second for the longest name
PART = re.compile(
    r"""(?sx)
    (?P<anchor> [\^$] | \\[AZbB] )
    | (?P<open> \( (?: \?: | \?P<\w+> | (?!\?) ) )
    | (?P<close> \) )
    | (?P<branch> \| )
    | (?: \\[dDsSwWnrtfv\W_] | \[\^?\]?(?: \\. | [^\]\\] )*\] | [^\\\[(){*+?|^$] )  # one character
      (?: (?P<repeat> [*+?] | \{\d+,\d*\} | \{,\d+\} )[?+]? | \{\d+\} )?
    """
)
FLAGS = re.compile(r"\(\?[ais]+\)")  # which change nothing of what may be tried


def check_group_pattern(pattern: str) -> None:
    """Checks that a pattern has one group, and that its time grows at most with the cube of a text's length.

    Args:
        pattern: a regular expression.

    Raises:
        ValueError: it is none, has not one group, or could take too long.
    """
    try:
        groups = re.compile(pattern).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError("it is no regular expression") from error
    if groups != 1:
        raise ValueError("it needs one pair of brackets; any others begin with (?:")
    choices = _choices(pattern)
    if choices is None or choices > MOST_CHOICES:
        raise ValueError("it repeats brackets, looks around, or leaves too much open: it could take too long")


def _choices(pattern: str) -> int | None:
    """Returns at how many places a match may be tried in several ways; None where it holds something unknown."""
    flags = FLAGS.match(pattern)
    start = place = flags.end() if flags else 0
    count = 0
    branched = [False]  # of the whole and of each open bracket, whether it has alternatives
    while place < len(pattern):
        part = PART.match(pattern, place)
        if part is None:
            return None
        place = part.end()
        if part["open"]:
            branched.append(False)
        elif part["close"]:
            count += branched.pop()
        elif part["branch"]:
            branched[-1] = True
        elif part["repeat"]:
            count += 1
    (of_whole,) = branched
    anchored = pattern.startswith(("^", r"\A"), start) and not of_whole
    return count + of_whole + (not anchored)  # where a match begins is a choice too
