"""What came of a training, in figures and plain words, for each kind of model. It must not know a widget."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core import catalog
from core.runs.interval import wilson_interval
from core.settings.dcgan import FEWEST_DECIDING
from desktop_app.translation import mark, tr, tr_parts

HUGE = 1e6  # what a model that diverged may score, in up to three hundred digits
EXTRACTORS = (  # what the engine calls the networks that it trains to extract features
    mark("CNN of this data"),
    mark("CNN trained to recognise rotations of this data"),
    mark("CNN that tells how pictures of this data are turned"),  # as runs of earlier versions call it
)


class Score(Protocol):
    """The result of a training. Each text is in the language that is shown when it is asked for."""

    def brief(self) -> str:
        """Names and figures, for a table's cell."""

    def number(self) -> str:
        """The one figure that matters most, with its name where that isn't clear."""

    def sentence(self) -> str:
        """What the number means."""

    def tip(self) -> str:
        """All there is to know."""

    def doubt(self) -> bool:
        """Whether there is reason not to be glad of it, as the sentence says."""


@dataclass(frozen=True)
class AccuracyScore:
    """How a classifier did on the test pictures.

    Args:
        accuracy: share of them that the model gets right, in [0, 1].
        pictures: how many there are; 0 where that is not known.
        leaks: how many of them have an exact copy among those it was trained or validated on.
        caveats: what the figure does not tell: of classes without a test picture, say.
    """

    accuracy: float
    pictures: int = 0
    leaks: int = 0
    caveats: tuple[Verdict, ...] = ()

    def brief(self) -> str:
        """See `Score`."""
        return tr("{share} right", share=self.number())

    def number(self) -> str:
        """See `Score`."""
        return f"{self.accuracy:.1%}"

    def sentence(self) -> str:
        """See `Score`."""
        parts = [self._counted()]
        if self.leaks:
            copies = mark("Exact copies of {leaks} of them are among the training or validation pictures.")
            parts.append(tr(copies, leaks=f"{self.leaks:,}"))
        else:
            parts.append(tr("None of them was seen in training."))
        return " ".join([*parts, *(tr_parts(caveat.message, caveat.values) for caveat in self.caveats)])

    def _counted(self) -> str:
        if not self.pictures:
            return tr("of the test pictures right.")
        low, high = wilson_interval(self.accuracy, self.pictures)
        return tr(
            "{right} of {pictures} test pictures right (95 % interval: {low} to {high}).",
            right=f"{round(self.accuracy * self.pictures):,}",
            pictures=f"{self.pictures:,}",
            low=f"{low:.1%}",
            high=f"{high:.1%}",
        )

    def tip(self) -> str:
        """See `Score`."""
        return f"{self.number()} {self.sentence()}"

    def doubt(self) -> bool:
        """See `Score`."""
        return bool(self.leaks or self.caveats)


@dataclass(frozen=True)
class Verdict:
    """What the engine says beside the figures: of the drawn pictures, of what a score does not tell.

    Args:
        message: str, English, with places for the values.
        values: what stands there.
        alarm: whether something is wrong.
    """

    message: str
    values: Mapping[str, Any]
    alarm: bool


@dataclass(frozen=True)
class DrawnScore:
    """How near drawn pictures come to real ones.

    Args:
        fid: Fréchet distance between drawn and real pictures, 0 or more; lower is better.
        floor: the same between real and real pictures; None where it is not known.
        kid: kernel distance between drawn and real pictures; None where it is not known.
        kid_floor: the same between real and real pictures, about 0; None where it is not known.
        inception: Inception Score, 1 or more; higher is better; None where the feature extractor knows no classes.
        count: pictures on each side; 0 where that is not known.
        agreement: share of the drawn pictures taken for the class they were drawn as, in [0, 1]; None where the GAN
            doesn't draw by class.
        agreement_count: how many pictures that was asked of; 0 where that is not known.
        judge: the feature extractor whose features measured; "" where nobody says.
        verdicts: on collapse and on copies, where they were looked for.
    """

    fid: float
    floor: float | None = None
    kid: float | None = None
    kid_floor: float | None = None
    inception: float | None = None
    count: int = 0
    agreement: float | None = None
    agreement_count: int = 0
    judge: str = ""
    verdicts: tuple[Verdict, ...] = ()

    def brief(self) -> str:
        """See `Score`."""
        if self.floor is None:
            return self.number()
        return tr("FID {fid} (floor {floor})", fid=figure(self.fid), floor=figure(self.floor))

    def number(self) -> str:
        """See `Score`."""
        return f"FID {figure(self.fid)}"

    def sentence(self) -> str:
        """See `Score`."""
        parts = []
        if self.floor is not None:
            parts.append(tr("Floor (real to real): {floor}.", floor=figure(self.floor)))
        if self.count:
            parts.append(tr("{count} pictures on each side.", count=f"{self.count:,}"))
        if self._too_few():
            parts.append(tr("That is too few to say much."))
        if self.judge:
            parts.append(tr("Feature extractor: {judge}.", judge=extractor_name(self.judge)))
        if self.agreement is not None and self.agreement_count:
            low, high = wilson_interval(self.agreement, self.agreement_count)
            parts.append(
                tr(
                    "{share} are taken for the class they were drawn as (95 % interval: {low} to {high}).",
                    share=f"{self.agreement:.1%}",
                    low=f"{low:.1%}",
                    high=f"{high:.1%}",
                )
            )
        elif self.agreement is not None:
            parts.append(tr("{share} are taken for the class they were drawn as.", share=f"{self.agreement:.1%}"))
        parts += [tr_parts(verdict.message, verdict.values) for verdict in self.verdicts if verdict.alarm]
        return " ".join(parts)

    def tip(self) -> str:
        """See `Score`."""
        parts = [
            self.brief(),
            self.sentence(),
            tr("FID: how far drawn pictures are from real ones; the floor is as near as real ones come."),
        ]
        if self.kid is not None and self.kid_floor is not None:
            parts.append(tr("KID {kid} (floor {floor}).", kid=f"{self.kid:.4f}", floor=f"{self.kid_floor:.4f}"))
        if self.inception is not None:
            parts.append(tr("Inception Score {score}.", score=f"{self.inception:.2f}"))
        parts += [tr_parts(verdict.message, verdict.values) for verdict in self.verdicts if not verdict.alarm]
        return "\n".join(part for part in parts if part)

    def doubt(self) -> bool:
        """See `Score`."""
        return self._too_few() or any(verdict.alarm for verdict in self.verdicts)

    def _too_few(self) -> bool:
        return 0 < self.count < FEWEST_DECIDING


@dataclass(frozen=True)
class WrittenScore:
    """How well a model foresees text that it has not read.

    Args:
        perplexity: among how many equally likely words it is in doubt at each place, 1 or more; lower is better.
    """

    perplexity: float

    def brief(self) -> str:
        """See `Score`."""
        return tr("perplexity {perplexity}", perplexity=self.number())

    def number(self) -> str:
        """See `Score`."""
        return figure(self.perplexity)

    def sentence(self) -> str:
        """See `Score`."""
        return tr("is the perplexity on text that training did not see: lower is better.")

    def tip(self) -> str:
        """See `Score`."""
        return f"{self.number()} {self.sentence()}"

    def doubt(self) -> bool:
        """See `Score`."""
        return False


def score_of(result: dict[str, Any]) -> Score | None:
    """Returns the score a training's result tells, or None where it tells none."""
    metrics = result.get("metrics", {})
    for name in (name for kind in catalog.KINDS.values() for name in kind.scores):
        value = metrics.get(name)
        if name in READERS and value is not None and math.isfinite(value):
            return READERS[name](float(value), result)
    return None


def figure(value: float) -> str:
    """Returns a number of 0 or more with about three digits that count; a huge one as a power of ten."""
    if value >= HUGE:
        return f"{value:.1e}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def extractor_name(name: str) -> str:
    """Returns what the engine calls a feature extractor, its known parts in the language that is shown."""
    what, comma, right = name.rpartition(", ")
    if comma and right.endswith(" % right"):
        return tr("{judge}, {share} right", judge=tr(what), share=right.removesuffix(" right"))
    return tr(name)


def _accuracy(value: float, result: dict[str, Any]) -> AccuracyScore:
    pictures = result.get("test_samples", result.get("counts", {}).get("test", 0))
    pictures = pictures if 0 <= value <= 1 else 0  # of a share that can't be, nothing can be reckoned
    caveats = tuple(found for row in result.get("caveats", ()) if (found := _verdict({"says": row, "alarm": True})))
    return AccuracyScore(value, int(pictures or 0), int(result.get("leaks", 0) or 0), caveats)


def _drawn(value: float, result: dict[str, Any]) -> DrawnScore:
    metrics = result["metrics"]
    return DrawnScore(
        value,
        _known(metrics, "floor"),
        _known(metrics, "kid"),
        _known(metrics, "kid_floor"),
        _known(metrics, "is"),
        int(metrics.get("count", 0)),
        _known(metrics, "agreement"),
        int(metrics.get("agreement_count", 0)),
        str(result.get("judge", "")),
        tuple(verdict for name in ("collapse", "memorisation") if (verdict := _verdict(result.get(name)))),
    )


def _verdict(found: Any) -> Verdict | None:
    says = found.get("says") if isinstance(found, dict) else None
    if not isinstance(says, dict) or not isinstance(says.get("values"), dict):
        return None
    return Verdict(str(says.get("message", "")), says["values"], bool(found.get("alarm")))


def _written(value: float, result: dict[str, Any]) -> WrittenScore:
    return WrittenScore(value)


def _known(metrics: dict[str, Any], name: str) -> float | None:
    value = metrics.get(name)
    return None if value is None or not math.isfinite(value) else float(value)


# What `core.kinds.kind.Kind.scores` names -> what makes the score of it.
READERS: dict[str, Callable[[float, dict[str, Any]], Score]] = {
    "test_accuracy": _accuracy,
    "fid": _drawn,
    "perplexity": _written,
}
