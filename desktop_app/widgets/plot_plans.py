"""What is drawn of a training: the one place that names the numbers of a `Metric`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.kinds.classifier import CLASSIFIER
from core.kinds.kind import Kind
from desktop_app.translation import mark


@dataclass(frozen=True)
class Line:
    """One curve.

    Args:
        key: str, its name in a `Metric`.
        title: str, English, for legend and readout.
        shade: str, the theme's colour.
        dashed: bool.
        marked: bool, whether each point gets a dot: it isn't measured in every epoch.
        live: what becomes of numbers inside an epoch: "never" drawn, "always" kept, or kept "until" the epoch's own
            number takes their place.
    """

    key: str
    title: str
    shade: str
    dashed: bool = False
    marked: bool = False
    live: Literal["never", "always", "until"] = "never"


@dataclass(frozen=True)
class Plan:
    """The curves of one plot.

    Args:
        title: str, English.
        lines: its curves.
        legend: where the legend lies: "top" for what falls, "bottom" for what rises.
    """

    title: str
    lines: tuple[Line, ...]
    legend: Literal["top", "bottom"] = "top"


def _twins(key: str, title: str, shade: str, legend: Literal["top", "bottom"] = "top") -> Plan:
    """Returns the plan of a quantity and its validation twin, in one colour."""
    training = Line(key, mark("Training"), shade, live="always")
    return Plan(title, (training, Line(f"val_{key}", mark("Validation"), shade, dashed=True)), legend)


LOSS = _twins("loss", mark("Loss"), "curve_loss")
ACCURACY = _twins("accuracy", mark("Accuracy"), "curve_accuracy", "bottom")
PERPLEXITY = _twins("perplexity", mark("Perplexity"), "curve_accuracy")
ADVERSARIAL_LOSS = Plan(
    mark("Loss"),
    (
        Line("generator_loss", mark("Generator"), "curve_loss", live="until"),
        Line("discriminator_loss", mark("Discriminator"), "curve_accuracy", live="until"),
    ),
)
GRADIENTS = Plan(
    mark("Gradient norm"),
    (
        Line("generator_gradient", mark("Generator"), "curve_loss", live="until"),
        Line("discriminator_gradient", mark("Discriminator"), "curve_accuracy", live="until"),
    ),
)
DISCRIMINATOR_ACCURACY = Plan(
    mark("Discriminator accuracy"),
    (
        Line("real_right", mark("Real"), "curve_accuracy", live="until"),
        Line("fake_right", mark("Drawn"), "curve_loss", live="until"),
    ),
    "bottom",
)
DISTANCE = Plan(
    mark("FID"),
    (
        Line("fid", mark("Drawn"), "curve_accuracy", marked=True),
        Line("fid_floor", mark("Floor: real pictures"), "muted", dashed=True),
    ),
)
KERNEL_DISTANCE = Plan(
    mark("KID"),
    (
        Line("kid", mark("Drawn"), "curve_accuracy", marked=True),
        Line("kid_floor", mark("Floor: real pictures"), "muted", dashed=True),
    ),
)
INCEPTION_SCORE = Plan(mark("Inception Score"), (Line("is", mark("Drawn"), "curve_accuracy", marked=True),), "bottom")

# What `core.kinds.kind.Kind.plots` names.
PLANS: Mapping[str, Plan] = {
    "loss": LOSS,
    "accuracy": ACCURACY,
    "perplexity": PERPLEXITY,
    "adversarial_loss": ADVERSARIAL_LOSS,
    "gradients": GRADIENTS,
    "discriminator_accuracy": DISCRIMINATOR_ACCURACY,
    "distance": DISTANCE,
    "kernel_distance": KERNEL_DISTANCE,
    "inception_score": INCEPTION_SCORE,
}


def plans_of(kind: Kind | None) -> tuple[tuple[Plan, ...], ...]:
    """Returns the plots of a kind of model, from left to right; of each the first plan is shown first.

    Args:
        kind: None gets a classifier's.
    """
    return tuple(tuple(PLANS[name] for name in names) for names in (kind or CLASSIFIER).plots)
