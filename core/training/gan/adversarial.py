"""One step of two networks against each other, compiled on every backend. Knows no files and no loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from core.errors import UserError
from core.models.dcgan import Gan
from core.models.shared.variables import named, read_variables, write_variables
from core.settings.dcgan import AdversarialFitSettings
from core.training.gan.diffaugment import NUMBERS, augment
from core.training.gan.losses import LOSSES
from core.training.loop.step import Place
from core.training.optimizers import LinearDecay
from core.training.steps.gradients import compile_step, input_gradient, value_and_grad

NOISE = 4  # keeps these draws apart from those of `core.data.batches` and `core.training.steps.randomness`
METRICS = (
    "generator_loss",
    "discriminator_loss",
    "real_right",
    "fake_right",
    "generator_gradient",
    "discriminator_gradient",
)
SUMS = "sums"  # the part of a checkpoint that holds the epoch's means so far
LATE = 0.1  # share of the running mean that a new step makes up, in what is shown between epochs
BETA_2 = 0.999
DTYPE = np.float32


@dataclass(frozen=True, eq=False)
class Noise:
    """The random numbers of one step: n critic steps, then one of the generator, each of B pictures.

    Args:
        latents: float32 (n + 1, B, Z), standard normal.
        augment: float32 (n + 1, 2B, `NUMBERS`), uniform; of the last row only B are used.
        mix: float32 (n, B), uniform: where between real and fake the slope is taken.
    """

    latents: np.ndarray
    augment: np.ndarray
    mix: np.ndarray


class AdversarialStep:
    """Trains a GAN by one step at a time; see `core.training.loop.step.Step`.

    It keeps a second generator, which the optimizer moves. The GAN's own generator is the running mean of that one: it
    is what is kept and drawn with.

    Args:
        gan: whose discriminator is trained, and whose generator follows.
        generator: of the same build, trained itself.
        settings: how.
        total_steps: int, steps of the whole training, at whose end the learning rates may fall.
    """

    def __init__(self, gan: Gan, generator: keras.Model, settings: AdversarialFitSettings, total_steps: int) -> None:
        self._gan, self._raw, self._settings = gan, generator, settings
        self._loss = LOSSES[settings.loss]
        # The names matter: checkpoints know variables by them.
        self.schedule = LinearDecay(settings.lr, total_steps, settings.falling)
        of_critic = LinearDecay(settings.lr_discriminator, total_steps * settings.critic_steps, settings.falling)
        self._of_raw = keras.optimizers.Adam(self.schedule, settings.beta_1, BETA_2, name="generator_adam")
        self._of_critic = keras.optimizers.Adam(of_critic, settings.beta_1, BETA_2, name="discriminator_adam")
        self._of_raw.build(generator.trainable_variables)
        self._of_critic.build(gan.discriminator.trainable_variables)
        for mean, variable in zip(gan.generator.variables, generator.variables, strict=True):
            mean.assign(variable.value)
        self.compiled = compile_step(self._step, list(self.variables().values()))
        self._sums = np.zeros(len(METRICS))
        self._late: np.ndarray | None = None  # a running mean of the last steps

    def __call__(self, batch: tuple[np.ndarray, np.ndarray], place: Place) -> Any:
        """See `Step`; the batch is n * B pictures and their labels, the numbers those of `METRICS`."""
        images, labels = batch
        count = len(images) // self._settings.critic_steps
        return self.train(images, labels, self.noise(place.seed, place.epoch, place.step, count))

    def train(self, images: np.ndarray, labels: np.ndarray, noise: Noise) -> Any:
        """Trains by one step with these random numbers.

        Args:
            images: uint8 (n * B, H, W, C), real ones.
            labels: int32 (n * B,).
            noise: as `noise` draws it.

        Returns:
            float32 tensor of `METRICS`.
        """
        return self.compiled(images, labels, noise.latents, noise.augment, noise.mix)

    def noise(self, seed: int, epoch: int, step: int, batch: int) -> Noise:
        """Draws a step's random numbers; the same ones whenever it is asked for.

        Args:
            seed: int, the job's.
            epoch: int, from 0.
            step: int, from 0, within the epoch.
            batch: int, B.
        """
        random = np.random.default_rng((seed, NOISE, epoch, step))
        rounds = self._settings.critic_steps
        return Noise(
            random.standard_normal((rounds + 1, batch, self._gan.latent), DTYPE),
            random.random((rounds + 1, 2 * batch, NUMBERS), DTYPE),
            random.random((rounds, batch), DTYPE),
        )

    def take(self, numbers: np.ndarray) -> None:
        """See `Step`."""
        found = numbers.astype(np.float64)
        self._sums += found
        self._late = found if self._late is None else (1 - LATE) * self._late + LATE * found

    def live(self) -> dict[str, float]:
        """See `Step`; a running mean of the last steps."""
        return {} if self._late is None else dict(zip(METRICS, map(float, self._late), strict=True))

    def means(self, steps: int) -> dict[str, float]:
        """See `Step`."""
        return dict(zip(METRICS, map(float, self._sums / steps), strict=True))

    def begin_epoch(self) -> None:
        """See `Step`."""
        self._sums = np.zeros(len(METRICS))

    def lr(self, steps: int) -> float:
        """See `Step`; the generator's."""
        return self.schedule.at(steps)

    def sync(self) -> None:
        """See `Step`."""
        self.compiled.sync()

    def values(self) -> dict[str, np.ndarray]:
        """See `Step`."""
        self.sync()
        return {**read_variables(self.variables()), SUMS: self._sums.copy()}

    def restore(self, values: Mapping[str, np.ndarray], *, within: bool) -> None:
        """See `Step`."""
        sums = self._sums
        if within or np.asarray(values.get(SUMS, ())).shape == sums.shape:
            sums = np.array(values[SUMS], np.float64).reshape(sums.shape)
        write_variables(self.variables(), values)
        self._sums = sums

    def model_variables(self) -> dict[str, Any]:
        """See `Step`."""
        return dict(named("model", self._gan.variables))

    def diverged(self, epoch: int) -> UserError:
        """See `Step`."""
        return UserError(
            "The training diverged: the losses are no longer numbers in epoch {epoch}.",
            hint="Start again with lower learning rates or spectral norm; the epochs before are kept.",
            epoch=epoch,
        )

    def variables(self) -> dict[str, Any]:
        """Returns all that a checkpoint must hold, by name."""
        return {
            **dict(named("model", self._gan.variables)),
            **dict(named("raw", self._raw.variables)),
            **dict(named("optimizer", [*self._of_raw.variables, *self._of_critic.variables])),
        }

    def _step(self, images: Any, labels: Any, latents: Any, numbers: Any, mix: Any) -> Any:
        settings = self._settings
        rounds, batch = settings.critic_steps, images.shape[0] // settings.critic_steps
        pictures = ops.cast(images, "float32") / 127.5 - 1  # (n * B, H, W, C)
        classes = ops.one_hot(labels, self._gan.class_count, dtype="float32") if self._gan.class_count else None
        found: Any = None
        for turn in range(rounds):
            part = slice(turn * batch, (turn + 1) * batch)
            of_part = None if classes is None else classes[part]
            found = self._train_critic(pictures[part], of_part, latents[turn], numbers[turn], mix[turn])
        critic_loss, real_right, fake_right, critic_gradient = found
        of_last = None if classes is None else classes[-batch:]
        loss, gradient = self._train_generator(of_last, latents[-1], numbers[-1][:batch])
        self._follow()
        return ops.stack([loss, critic_loss, real_right, fake_right, gradient, critic_gradient])

    def _train_critic(self, real: Any, classes: Any, latents: Any, numbers: Any, mix: Any) -> tuple[Any, ...]:
        settings, loss = self._settings, self._loss
        critic = self._gan.discriminator
        fake = ops.stop_gradient(self._raw(_with(latents, classes), training=True))
        both = augment(ops.concatenate([real, fake]), numbers, settings.augment)  # (2B, H, W, C)
        twice = None if classes is None else ops.concatenate([classes, classes])
        count = real.shape[0]

        def play() -> tuple[Any, tuple[Any, Any]]:
            scores = critic(_with(both, twice), training=True)  # (2B, 1)
            of_real, of_fake = scores[:count], scores[count:]
            value = loss.discriminator(of_real, of_fake, settings.label_smoothing)
            if loss.penalised:
                value = value + settings.gradient_penalty * self._slope_penalty(both, classes, mix)
            return value, (of_real, of_fake)

        value, (of_real, of_fake), gradients = value_and_grad(play, critic.trainable_variables)
        self._of_critic.apply(gradients, critic.trainable_variables)
        middle = loss.middle(of_real, of_fake, settings.label_smoothing)
        right = [ops.mean(ops.cast(hit, "float32")) for hit in (of_real > middle, of_fake < middle)]
        return value, *right, _norm(gradients)

    def _slope_penalty(self, both: Any, classes: Any, mix: Any) -> Any:
        """Returns how far the critic's slope is from 1 between real and fake pictures.

        Reference:
            - [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028).
        """
        count = mix.shape[0]
        share = ops.reshape(mix, (-1, 1, 1, 1))
        between = share * both[:count] + (1 - share) * both[count:]

        def score(pictures: Any) -> tuple[Any, None]:
            return ops.sum(self._gan.discriminator(_with(pictures, classes), training=False)), None

        _, _, slope = input_gradient(score, between)  # (B, H, W, C)
        length = ops.sqrt(ops.sum(slope**2, axis=(1, 2, 3)) + 1e-12)
        return ops.mean((length - 1) ** 2)

    def _train_generator(self, classes: Any, latents: Any, numbers: Any) -> tuple[Any, Any]:
        generator = self._raw

        def play() -> tuple[Any, None]:
            fake = augment(generator(_with(latents, classes), training=True), numbers, self._settings.augment)
            return self._loss.generator(self._gan.discriminator(_with(fake, classes), training=False)), None

        value, _, gradients = value_and_grad(play, generator.trainable_variables)
        self._of_raw.apply(gradients, generator.trainable_variables)
        return value, _norm(gradients)

    def _follow(self) -> None:
        """Moves the generator that is kept towards the one that is trained, faster while both are young."""
        steps = ops.cast(self._of_raw.iterations.value, "float32")
        memory = ops.minimum(self._settings.ema, (1 + steps) / (10 + steps)) if self._settings.ema else 0.0
        for mean, variable in zip(self._gan.generator.variables, self._raw.variables, strict=True):
            mean.assign(memory * mean.value + (1 - memory) * ops.stop_gradient(variable.value))


def _with(array: Any, classes: Any) -> Any:
    return array if classes is None else [array, classes]


def _norm(gradients: list[Any]) -> Any:
    """Returns the length of all gradients taken as one vector."""
    return ops.sqrt(sum(ops.sum(gradient**2) for gradient in gradients))
