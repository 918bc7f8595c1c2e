"""What live events cost: Pixelwright's training against a bare `model.fit`, and against a plain PyTorch loop.

    python tests/benchmarks/fit_overhead.py --backend jax --pairs 10 --seconds 5
    python tests/benchmarks/fit_overhead.py --backend jax --against torch-loop

The same net, the same arrays, the same batch size, no augmentation; alternating pairs. Each side is warmed up first,
so that nothing compiles while it is timed. The ratio is ours over theirs, in samples/s: above 1 is faster.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "jax", "torch"])
    parser.add_argument("--against", default="fit", choices=["fit", "torch-loop"])
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5.0, help="least time of each side of a pair")
    parser.add_argument("--side", type=int, default=28, help="px")
    parser.add_argument("--size", default="fast", choices=["tiny", "fast"])
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--batches", type=int, default=256, help="an epoch's")
    parser.add_argument("--device", default="cpu", choices=["cpu", "gpu"])
    values = parser.parse_args()

    from core.engine.backend import prepare

    prepare(values.backend, "cpu" if values.device == "cpu" else "gpu:0", 0)
    ours, theirs = make_sides(values)
    rates = []
    for _ in range(values.pairs):
        pair = (ours(), theirs())
        rates.append(pair)
        print(f"{pair[0]:9.0f} {pair[1]:9.0f} samples/s  ratio {pair[0] / pair[1]:.3f}", file=sys.stderr, flush=True)
    ratios = sorted(one / other for one, other in rates)
    low, high = interval(ratios)
    print(
        json.dumps(
            {
                "backend": values.backend,
                "against": values.against,
                "size": values.size,
                "device": values.device,
                "side_px": values.side,
                "batch_size": values.batch_size,
                "pairs": values.pairs,
                "seconds": values.seconds,
                "ratio": round(statistics.median(ratios), 4),
                "interval_95": [round(low, 4), round(high, 4)],
                "ours_samples_per_s": round(statistics.median(one for one, _ in rates), 1),
                "theirs_samples_per_s": round(statistics.median(other for _, other in rates), 1),
            }
        )
    )


def interval(ratios: list[float]) -> tuple[float, float]:
    """Returns the 95 % interval of the median by order statistics (no distribution assumed), from sorted values."""
    count = len(ratios)
    below, place = 0.0, 0
    while place < count // 2:
        below += math.comb(count, place) / 2**count
        if below > 0.025:
            break
        place += 1
    place = max(0, place - 1)
    return ratios[place], ratios[count - 1 - place]


def make_sides(values: argparse.Namespace):
    """Returns two functions; each trains for about the given time and returns samples/s."""
    import numpy as np

    from core.data.dataset import Dataset
    from core.data.targets.classes import ClassTargets
    from core.settings.cnn import CnnTraining

    random = np.random.default_rng(0)
    count = values.batches * values.batch_size
    images = random.integers(0, 256, (count, values.side, values.side, 1), dtype=np.uint8)
    labels = random.integers(0, 10, count).astype(np.int32)
    nothing = np.array([], np.int64)
    splits = {"train": np.arange(count), "validation": nothing, "test": nothing}
    names = tuple(map(str, range(count)))
    dataset = Dataset("random", "0", images, ClassTargets(tuple("0123456789"), labels), names, splits)

    def settings(epochs: int) -> CnnTraining:
        return CnnTraining.parse(
            {"size": values.size, "epochs": epochs, "batch_size": values.batch_size, "crop": 0, "keep": "last"}
        )

    ours = OurSide(dataset, settings, values)
    theirs = TorchLoop(dataset, settings, values) if values.against == "torch-loop" else BareFit(dataset, settings)
    sides = []
    for side in (ours, theirs):
        side.train(1)
        seconds = side.train(1)
        epochs = max(1, math.ceil(values.seconds / seconds))
        sides.append(lambda side=side, epochs=epochs: epochs * count / side.train(epochs))
    return sides


class OurSide:
    """`core.training.loop.loop` with a listener, checkpoints and history files, as `train` runs it."""

    def __init__(self, dataset, settings, values):
        from core.models.cnn import build

        self.dataset, self.settings, self.backend = dataset, settings, values.backend
        self.model = build(settings(1), dataset.shape, dataset.targets.summary())
        self.step = None
        self.folder = Path(tempfile.mkdtemp(prefix="fit-overhead-"))
        self.events = 0

    def train(self, epochs: int) -> float:
        from core.context import Context
        from core.jobs import Job
        from core.runs.run import Workspace
        from core.training.loop.loop import Loop
        from core.training.objectives.classifying import classifying
        from core.training.supervised.step import SupervisedStep

        settings = self.settings(epochs)
        job = Job(task="train", model="cnn", settings=settings.model_dump(mode="json"), backend=self.backend)
        workspace = Workspace(self.folder)
        run, job = workspace.create_run(job)
        objective = classifying(self.dataset, settings, job.seed)
        # Once is enough: a new one would be traced anew while it is timed.
        self.step = self.step or SupervisedStep(self.model, objective, settings)
        context = Context(job, workspace, run, self.listen)
        loop = Loop(self.step, objective.batches, settings, job.seed, context, run.folder)
        began = time.perf_counter()
        loop.run()
        return time.perf_counter() - began

    def listen(self, event) -> None:
        self.events += 1


class BareFit:
    """`model.fit` on the arrays, with nothing else."""

    def __init__(self, dataset, settings):
        import keras

        from core.models.cnn import build
        from core.training.objectives.losses import ClassifierLoss
        from core.training.optimizers import make_optimizer, make_schedule

        self.dataset, self.batch_size = dataset, settings(1).batch_size
        self.model = build(settings(1), dataset.shape, dataset.targets.summary())
        steps = len(dataset.targets.labels) // self.batch_size
        self.model.compile(
            make_optimizer(settings(1), make_schedule(settings(1), steps), self.model.trainable_variables),
            ClassifierLoss(settings(1).label_smoothing),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        )

    def train(self, epochs: int) -> float:
        began = time.perf_counter()
        self.model.fit(
            self.dataset.images, self.dataset.targets.labels, batch_size=self.batch_size, epochs=epochs, verbose=0
        )
        return time.perf_counter() - began


class TorchLoop:
    """The same net in plain PyTorch, trained by the loop of its tutorial."""

    def __init__(self, dataset, settings, values):
        import torch

        chosen = settings(1)
        torch.manual_seed(0)
        self.batch_size = chosen.batch_size
        self.images = torch.from_numpy(dataset.images).permute(0, 3, 1, 2).contiguous()  # (N, C, H, W)
        self.labels = torch.from_numpy(dataset.targets.labels).long()
        self.device = "cpu" if values.device == "cpu" else "cuda"
        self.net = torch.nn.Sequential(*self._layers(torch, chosen, dataset.shape)).to(self.device)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=chosen.lr, weight_decay=chosen.weight_decay)
        self.loss = torch.nn.CrossEntropyLoss(label_smoothing=chosen.label_smoothing)

    @staticmethod
    def _layers(torch, chosen, shape):
        channels, side = shape[2], shape[0]
        for block in range(chosen.blocks):
            filters = chosen.filters * 2**block
            for _ in range(chosen.convolutions):
                yield torch.nn.Conv2d(channels, filters, chosen.kernel, padding="same", bias=not chosen.batch_norm)
                if chosen.batch_norm:
                    yield torch.nn.BatchNorm2d(filters)
                yield torch.nn.ReLU()
                channels = filters
            if side > 3:
                yield torch.nn.MaxPool2d(2)
                side //= 2
        if chosen.dense:
            yield torch.nn.Flatten()
            yield torch.nn.Linear(channels * side * side, chosen.dense)
            yield torch.nn.ReLU()
            channels = chosen.dense
        else:
            yield torch.nn.AdaptiveAvgPool2d(1)
            yield torch.nn.Flatten()
        if chosen.dropout:
            yield torch.nn.Dropout(chosen.dropout)
        yield torch.nn.Linear(channels, 10)

    def train(self, epochs: int) -> float:
        import torch

        self.net.train()
        began = time.perf_counter()
        for _ in range(epochs):
            order = torch.randperm(len(self.labels))
            for chosen in order.split(self.batch_size):
                self.optimizer.zero_grad()
                images, labels = self.images[chosen].to(self.device), self.labels[chosen].to(self.device)
                loss = self.loss(self.net(images.float() / 255), labels)
                loss.backward()
                self.optimizer.step()
        loss.detach().item()  # waits for the last
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
