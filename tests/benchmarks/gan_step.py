"""The DCGAN's compiled step against a plain PyTorch loop of the same nets.

    python tests/benchmarks/gan_step.py --backend tensorflow --pairs 10 --seconds 5

The same architecture, loss, spectral norm, optimizers and averaged generator, the same batches; no augmentation. Ours
also reckons the gradients' lengths and both sides' hits, for the plots. Alternating pairs; both are warmed up first.
The ratio is ours over theirs, in steps/s: above 1 is faster. `traces` must be 1: nothing is compiled again.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time

from class_target import class_target
from fit_overhead import interval


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "jax", "torch"])
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5.0, help="least time of each side of a pair")
    parser.add_argument("--side", type=int, default=32, help="px")
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--filters", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--device", default="cpu", choices=["cpu", "gpu"])
    values = parser.parse_args()

    from core.engine.backend import prepare

    prepare(values.backend, "cpu" if values.device == "cpu" else "gpu:0", 0)
    sides = [Ours(values), TorchLoop(values)]
    steps = []
    for side in sides:
        side.train(3)
        steps.append(max(1, math.ceil(values.seconds * 5 / side.train(5))))
    rates = []
    for _ in range(values.pairs):
        pair = [count / side.train(count) for side, count in zip(sides, steps, strict=True)]
        rates.append(pair)
        print(f"{pair[0]:8.2f} {pair[1]:8.2f} steps/s  ratio {pair[0] / pair[1]:.3f}", file=sys.stderr, flush=True)
    ratios = sorted(one / other for one, other in rates)
    low, high = interval(ratios)
    print(
        json.dumps(
            {
                **vars(values),
                "ratio": round(statistics.median(ratios), 4),
                "interval_95": [round(low, 4), round(high, 4)],
                "ours_steps_per_s": round(statistics.median(one for one, _ in rates), 2),
                "theirs_steps_per_s": round(statistics.median(other for _, other in rates), 2),
                "traces": sides[0].step.compiled.traces,
            }
        )
    )


def pictures(values: argparse.Namespace):
    """Returns one batch: uint8 (B, H, W, C) and int32 (B,)."""
    import numpy as np

    random = np.random.default_rng(0)
    shape = (values.batch_size, values.side, values.side, values.channels)
    return random.integers(0, 256, shape, np.uint8), random.integers(0, values.classes, values.batch_size, np.int32)


class Ours:
    """`core.training.gan.adversarial`'s step, its random numbers drawn as in a training."""

    def __init__(self, values: argparse.Namespace):
        from core.models.dcgan import build, build_generator
        from core.settings.dcgan import DcganTraining
        from core.training.gan.adversarial import AdversarialStep

        settings = DcganTraining.parse({"filters": values.filters, "augment": "none"})
        shape = (values.side, values.side, values.channels)
        self.batch = pictures(values)
        gan = build(settings, shape, class_target(max(1, values.classes)))
        self.step = AdversarialStep(gan, build_generator(settings, shape, values.classes), settings, 10**6)

    def train(self, steps: int) -> float:
        import keras

        from core.training.loop.step import Place

        began = time.perf_counter()
        for place in range(steps):
            found = self.step(self.batch, Place(0, 0, place))
        keras.ops.convert_to_numpy(found)  # waits for the last
        return time.perf_counter() - began


class TorchLoop:
    """The same two nets in plain PyTorch, trained by the loop of its tutorial."""

    def __init__(self, values: argparse.Namespace):
        import torch
        from torch import nn
        from torch.nn.utils.parametrizations import spectral_norm

        from core.models.dcgan import stages

        torch.manual_seed(0)
        self.torch, self.latent, self.classes = torch, 64, values.classes
        self.device = "cpu" if values.device == "cpu" else "cuda"
        images, labels = pictures(values)
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()  # (B, C, H, W)
        self.labels = torch.from_numpy(labels).long()
        start, doublings = stages(values.side)
        filters = [values.filters * 2**place for place in range(doublings)]
        width = filters[-1] * start * start

        class Generator(nn.Module):
            def __init__(self):
                super().__init__()
                self.embed = nn.Linear(values.classes, 64, bias=False)
                self.first = nn.Linear(128, width, bias=False)
                layers = [nn.BatchNorm2d(filters[-1]), nn.ReLU()]
                for more, less in zip(filters[:0:-1], filters[-2::-1], strict=True):
                    layers += [nn.ConvTranspose2d(more, less, 4, 2, 1, bias=False), nn.BatchNorm2d(less), nn.ReLU()]
                layers += [nn.ConvTranspose2d(filters[0], values.channels, 4, 2, 1), nn.Tanh()]
                self.layers = nn.Sequential(*layers)

            def forward(self, latents, classes):
                x = self.first(torch.cat([latents, self.embed(classes)], 1))
                return self.layers(x.view(len(x), filters[-1], start, start))

        class Discriminator(nn.Module):
            def __init__(self):
                super().__init__()
                layers, channels = [], values.channels
                for count in filters:
                    layers += [spectral_norm(nn.Conv2d(channels, count, 4, 2, 1)), nn.LeakyReLU(0.2)]
                    channels = count
                layers += [spectral_norm(nn.Conv2d(channels, channels, 3, 1, 1)), nn.LeakyReLU(0.2), nn.Flatten()]
                self.layers = nn.Sequential(*layers)
                self.real = spectral_norm(nn.Linear(width, 1))
                self.embed = spectral_norm(nn.Linear(values.classes, width, bias=False))

            def forward(self, x, classes):
                features = self.layers(x)
                return self.real(features) + (features * self.embed(classes)).sum(1, keepdim=True)

        self.generator, self.mean, self.critic = (
            net.to(self.device) for net in (Generator(), Generator(), Discriminator())
        )
        self.of_generator = torch.optim.Adam(self.generator.parameters(), 2e-4, (0.5, 0.999))
        self.of_critic = torch.optim.Adam(self.critic.parameters(), 4e-4, (0.5, 0.999))

    def train(self, steps: int) -> float:
        torch = self.torch
        relu = torch.nn.functional.relu
        began = time.perf_counter()
        for _ in range(steps):
            real = self.images.to(self.device).float() / 127.5 - 1
            classes = torch.nn.functional.one_hot(self.labels.to(self.device), self.classes).float()
            with torch.no_grad():
                fake = self.generator(self.latents(), classes)
            scores = self.critic(torch.cat([real, fake]), torch.cat([classes, classes]))
            loss = relu(1 - scores[: len(real)]).mean() + relu(1 + scores[len(real) :]).mean()
            self.of_critic.zero_grad()
            loss.backward()
            self.of_critic.step()
            loss = -self.critic(self.generator(self.latents(), classes), classes).mean()
            self.of_generator.zero_grad()
            loss.backward()
            self.of_generator.step()
            with torch.no_grad():
                for mean, value in zip(self.mean.parameters(), self.generator.parameters(), strict=True):
                    mean.lerp_(value, 0.005)
        loss.detach().item()  # waits for the last
        return time.perf_counter() - began

    def latents(self):
        return self.torch.randn(len(self.images), self.latent, device=self.device)


if __name__ == "__main__":
    main()
