"""What there is to know of a kind of model. Names code by string, "module:name", and knows none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Wanted:
    """What the samples of a data set must carry.

    Args:
        target: str, a key of `catalog.TARGETS`.
        fewest: int, how many different ones there must be at least. With 0 samples may carry none at all.
    """

    target: str = "class"
    fewest: int = 2


@dataclass(frozen=True)
class Kind:
    """One kind of model: a classifier, a GAN, a language model ...

    Args:
        samples: what a sample is that it learns from.
        wanted: what the samples must carry.
        checks: str each, `check(settings, context)`, what is looked at before a training, without a backend; raises.
        check_other: str, the same for other data that are to be scored, named by the training's settings.
        preview: str, key of the task that looks at its data before a training.
        describe: str, `describe(settings, context) -> dict`, how large it would be.
        evaluate: str, `evaluate(settings, context) -> dict`, its score on what it has never seen.
        scores: names of the metrics by which its runs are compared, the most important first.
        tasks: keys of the tasks that use a trained one.
        refusal: str, an English template that says of a run of another kind that it can't do these; its values are
            "run" and "model".
        usual: str, key of the model that is trained where one of the kind is wanted.
        panel: str, key of the window's panel that uses a trained one.
        use: str, English, of the button that leads there.
        icon: str, file name in resources/icons, of that button.
        plots: what the window's two plots, side by side, show of its training: keys of the curves that either can
            show, the first of them first.
        newest_is_best: bool, whether a training that was cut off is used as it is, even where an earlier epoch was
            measured to be better.
        samples_grow: bool, whether its training shows from epoch to epoch what it can make by then.
    """

    samples: Literal["pictures", "texts"]
    wanted: Wanted
    checks: tuple[str, ...]
    check_other: str
    preview: str
    describe: str
    evaluate: str
    scores: tuple[str, ...]
    tasks: tuple[str, ...]
    refusal: str
    usual: str
    panel: str
    use: str
    icon: str
    plots: tuple[tuple[str, ...], tuple[str, ...]]
    newest_is_best: bool = False
    samples_grow: bool = False
