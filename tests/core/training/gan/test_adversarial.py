"""The parts of a GAN's step: losses by hand, augmentation, spectral norm, and that a step trains both networks."""

import keras
import numpy as np
import pytest
from class_target import class_target
from keras import layers, ops

from core.models.dcgan import Gan, build, build_generator, fitting_side
from core.models.shared.spectral import SpectralDense
from core.settings.dcgan import DcganTraining
from core.training.gan.adversarial import METRICS, AdversarialStep, Noise
from core.training.gan.diffaugment import NUMBERS
from core.training.gan.diffaugment import augment as augment_tensors
from core.training.gan.losses import LOSSES
from core.training.loop.step import Place

TINY = {"filters": 4, "latent": 8, "batch_size": 8}
REAL = np.array([[2.0], [0.5]], np.float32)
FAKE = np.array([[-1.0], [3.0]], np.float32)


def _numpy(value):
    return np.asarray(ops.convert_to_numpy(value))


def augment(pictures, numbers, kinds):
    return augment_tensors(ops.convert_to_tensor(pictures), ops.convert_to_tensor(numbers), kinds)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize(
    ("name", "smoothing", "critic", "generator"),
    [
        (
            "non-saturating",
            0.0,
            -np.mean(np.log(_sigmoid(REAL))) - np.mean(np.log(1 - _sigmoid(FAKE))),
            -np.mean(np.log(_sigmoid(FAKE))),
        ),
        (
            "non-saturating",
            0.1,
            -np.mean(0.9 * np.log(_sigmoid(REAL)) + 0.1 * np.log(1 - _sigmoid(REAL)))
            - np.mean(np.log(1 - _sigmoid(FAKE))),
            -np.mean(np.log(_sigmoid(FAKE))),
        ),
        ("least-squares", 0.0, 0.5 * ((1 + 0.25) / 2 + (1 + 9) / 2), 0.5 * (4 + 4) / 2),
        ("least-squares", 0.1, 0.5 * ((1.1**2 + 0.4**2) / 2 + (1 + 9) / 2), 0.5 * (4 + 4) / 2),
        ("hinge", 0.0, (0 + 0.5) / 2 + (0 + 4) / 2, -1.0),
        ("wasserstein", 0.0, 1.0 - 1.25, -1.0),
    ],
)
def test_losses_are_as_written_in_the_papers(name, smoothing, critic, generator):
    real, fake = ops.convert_to_tensor(REAL), ops.convert_to_tensor(FAKE)
    assert float(_numpy(LOSSES[name].discriminator(real, fake, smoothing))) == pytest.approx(float(critic), rel=1e-5)
    assert float(_numpy(LOSSES[name].generator(fake))) == pytest.approx(float(generator), rel=1e-5)


def _flat_generator():
    """Paints all pixels as bright as the first latent number says: (B, 2) -> (B, 2, 2, 1)."""
    latents = keras.Input((2,))
    paint = layers.Dense(4, use_bias=False, name="paint")
    model = keras.Model(latents, layers.Reshape((2, 2, 1))(paint(latents)), name="generator")
    paint.kernel.assign([[1.0] * 4, [0.0] * 4])
    return model


def _mean_critic(bias=0.0, *, squared=False):
    """Scores a picture of 2 x 2 px by the mean of its pixels, or of their squares, plus a bias."""
    pixels = keras.Input((2, 2, 1))
    flat, score = layers.Flatten()(pixels), layers.Dense(1, name="score")
    model = keras.Model(pixels, score(layers.Multiply()([flat, flat]) if squared else flat), name="discriminator")
    score.kernel.assign([[0.25]] * 4)
    score.bias.assign([bias])
    return model


def _one_step(settings, critic, real, fake, mix):
    """Returns the metrics of a first step on pictures of one grey each.

    Args:
        settings: how it is trained.
        critic: of pictures of 2 x 2 px.
        real: (B,), 0 to 255.
        fake: (B,), in the critic's own range, where 255 is 1.
        mix: (B,), where between real and fake the slope is taken.
    """
    count = len(real)
    images = np.broadcast_to(np.array(real, np.uint8)[:, None, None, None], (count, 2, 2, 1))
    latents = np.zeros((2, count, 2), np.float32)
    latents[:, :, 0] = fake
    noise = Noise(latents, np.zeros((2, 2 * count, NUMBERS), np.float32), np.array([mix], np.float32))
    step = AdversarialStep(Gan(_flat_generator(), critic, 0), _flat_generator(), settings, 10)
    return dict(zip(METRICS, _numpy(step.train(images, np.zeros(count, np.int32), noise)), strict=True))


@pytest.mark.parametrize(
    ("loss", "smoothing", "bias", "real_right", "fake_right"),
    [
        ("non-saturating", 0.0, 0, 2 / 4, 2 / 4),
        ("non-saturating", 0.2, 0, 3 / 4, 1 / 4),  # the middle is log(0.4 / 0.6) = -0.405
        ("least-squares", 0.0, 0, 1 / 4, 3 / 4),  # 0.5
        ("least-squares", 0.2, 0, 2 / 4, 2 / 4),  # 0.4
        ("hinge", 0.0, 0, 2 / 4, 2 / 4),
        ("hinge", 0.2, 0, 2 / 4, 2 / 4),  # its labels aren't smoothed
        ("wasserstein", 0.0, 5, 2 / 4, 2 / 4),  # half-way between the means, wherever they lie
    ],
)
def test_a_picture_is_taken_for_real_above_the_middle_of_its_loss(loss, smoothing, bias, real_right, fake_right):
    settings = DcganTraining.parse({"loss": loss, "label_smoothing": smoothing, "augment": "none"})
    # Scores -1, -0.2, 0.443 and 1, and the bias; those of the fake ones are their grey, and the bias.
    found = _one_step(settings, _mean_critic(bias), [0, 102, 184, 255], [-0.9, -0.3, 0.45, 0.6], [0.0] * 4)
    assert found["real_right"] == pytest.approx(real_right)
    assert found["fake_right"] == pytest.approx(fake_right)


@pytest.mark.parametrize(("weight", "loss", "gradient"), [(0, 3.625, 7.25), (10, 17.6875, 78.5)])
def test_the_gradient_penalty_holds_the_slope_between_real_and_fake_to_one(weight, loss, gradient):
    settings = DcganTraining.parse({"loss": "wasserstein", "gradient_penalty": weight, "augment": "none"})
    found = _one_step(settings, _mean_critic(squared=True), [255, 0], [3.0, 0.5], [0.25, 0.5])
    # Scores are squares: fake ones 9 and 0.25, real ones 1 and 1. A quarter of 1 and the rest of 3 make 2.5, half of -1
    # and half of 0.5 make -0.25. The mean of four squares is as steep as its pixels are bright: 1.5^2 and 0.75^2.
    assert found["discriminator_loss"] == pytest.approx(loss, rel=1e-5)
    # Each of the four weights moves the scores by 3.625, and the penalty by the mean of 2 * 1.5 * 2.5 and
    # 2 * -0.75 * 0.25, which is 3.5625; the four as one vector are twice as long. The bias moves nothing.
    assert found["discriminator_gradient"] == pytest.approx(gradient, rel=1e-5)


@pytest.mark.parametrize("spectral_norm", [True, False])
def test_the_class_adds_its_inner_product_with_the_features_to_the_score(spectral_norm):
    keras.utils.set_random_seed(0)
    settings = DcganTraining.parse({**TINY, "spectral_norm": spectral_norm})
    critic = build(settings, (28, 28, 1), class_target(3)).discriminator
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 28, 28, 1)).astype(np.float32)
    features = keras.Model(critic.inputs[0], critic.get_layer("flatten").output)(pixels)  # (B, F)
    embed = critic.get_layer("class")
    table = _numpy(embed.normalised(training=False) if spectral_norm else embed.kernel)  # (K, F)
    unconditional = _numpy(critic.get_layer("real")(features))[:, 0]
    for label in range(3):
        classes = np.eye(3, dtype=np.float32)[[label, label]]
        scores = _numpy(critic([ops.convert_to_tensor(pixels), ops.convert_to_tensor(classes)]))[:, 0]
        expected = _numpy(features) @ table[label]
        assert np.abs(expected).min() > 1e-3
        np.testing.assert_allclose(scores - unconditional, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("side", "expected"), [(8, 32), (27, 32), (28, 28), (32, 32), (45, 48), (64, 64), (300, 64)])
def test_the_side_that_fits(side, expected):
    assert fitting_side(side) == expected


@pytest.mark.parametrize(("side", "channels", "classes"), [(28, 1, 10), (32, 3, 0), (40, 1, 3), (64, 3, 2)])
def test_pictures_have_the_shape_that_is_asked_for(side, channels, classes):
    gan = build(DcganTraining.parse(TINY), (side, side, channels), class_target(max(1, classes)))
    latents = np.zeros((3, 8), np.float32)
    weights = ops.convert_to_tensor(np.eye(classes, dtype=np.float32)[[0, 1, 1]]) if classes else None
    drawn = gan.generator(latents if weights is None else [ops.convert_to_tensor(latents), weights])
    assert tuple(drawn.shape) == (3, side, side, channels)
    score = gan.discriminator(drawn if weights is None else [drawn, weights])
    assert tuple(score.shape) == (3, 1)


def test_another_side_is_refused():
    with pytest.raises(ValueError, match="can't draw pictures of 30 x 30 px"):
        build(DcganTraining.parse(TINY), (30, 30, 1), class_target(2))


def test_spectral_norm_brings_the_largest_singular_value_to_one():
    layer = SpectralDense(5, use_bias=False)
    layer.build((None, 7))
    layer.kernel.assign(3 * np.random.default_rng(0).normal(size=(7, 5)))
    for _ in range(60):
        layer.normalised(training=True)
    kernel = _numpy(layer.normalised(training=False).detach() if hasattr(layer.kernel.value, "detach")
                    else layer.normalised(training=False))  # fmt: skip
    assert np.linalg.svd(kernel, compute_uv=False)[0] == pytest.approx(1.0, abs=1e-4)
    assert np.linalg.svd(_numpy(layer.kernel.value.detach() if hasattr(layer.kernel.value, "detach")
                                else layer.kernel.value), compute_uv=False)[0] > 2  # fmt: skip


def test_translation_moves_a_picture_by_whole_pixels():
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype(np.float32)
    numbers = np.full((1, NUMBERS), 0.5, np.float32)  # the middle: no shift
    np.testing.assert_array_equal(_numpy(augment(picture, numbers, "translate")), picture)
    numbers[:, 3], numbers[:, 4] = 0.999, 0.0  # 2 px down or up, 2 px to one side
    moved = _numpy(augment(picture, numbers, "translate"))
    found = [
        (down, right)
        for down in (-2, 2)
        for right in (-2, 2)
        if np.array_equal(moved[0, 2:-2, 2:-2], np.roll(picture[0], (down, right), (0, 1))[2:-2, 2:-2])
    ]
    assert len(found) == 1
    assert (moved == 0).sum() == 3 * (16 * 16 - 14 * 14)  # nothing comes round from the other side


@pytest.mark.parametrize("side", [16, 28, 32, 64])
def test_cutout_blanks_a_square_of_half_the_side_and_less_at_an_edge(side):
    numbers = np.full((side + 1, NUMBERS), 0.5, np.float32)
    numbers[:, 5] = (np.arange(side + 1) + 0.5) / (
        side + 1
    )  # the middle is the upper edge, between rows, the lower edge
    kept = _numpy(augment(np.ones((side + 1, side, side, 1), np.float32), numbers, "cutout"))[..., 0]
    for middle, picture in enumerate(kept):
        expected = np.ones((side, side))
        rows = slice(max(0, middle - side // 4), middle + side // 4)
        expected[rows, side // 4 : 3 * side // 4] = 0
        np.testing.assert_array_equal(picture, expected)
    numbers[:, [5, 6]] = numbers[:, [6, 5]]
    across = _numpy(augment(np.ones((side + 1, side, side, 1), np.float32), numbers, "cutout"))[..., 0]
    np.testing.assert_array_equal(across, kept.transpose(0, 2, 1))


def test_colour_stays_where_all_numbers_are_in_the_middle():
    picture = np.random.default_rng(1).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)
    numbers = np.full((2, NUMBERS), 0.5, np.float32)
    np.testing.assert_allclose(_numpy(augment(picture, numbers, "colour")), picture, atol=1e-6)


@pytest.mark.parametrize(
    ("place", "darkest", "brightest"),
    [
        (0, [[0.1, -0.5, -0.8], [-0.2] * 3], [[1.1, 0.5, 0.2], [0.8] * 3]),  # brightness: half less or more
        (1, [[0.1] * 3, [0.3] * 3], [[1.1, -0.1, -0.7], [0.3] * 3]),  # saturation: of greys 0.1 and 0.3, none or twice
        (
            2,
            [[0.4, 0.1, -0.05], [0.25] * 3],
            [[0.8, -0.1, -0.55], [0.35] * 3],
        ),  # contrast: half or 1.5 times, round 0.2
    ],
)
def test_colour_changes_as_far_as_its_number_says(place, darkest, brightest):
    picture = np.array([[[0.6, 0.0, -0.3], [0.3, 0.3, 0.3]]], np.float32)  # 1 x 2 px
    numbers = np.full((3, NUMBERS), 0.5, np.float32)
    numbers[[0, 2], place] = 0.0, 1.0
    changed = _numpy(augment(np.stack([picture] * 3), numbers, "colour"))
    np.testing.assert_allclose(changed, [[darkest], picture, [brightest]], atol=1e-6)


@pytest.mark.parametrize("ema", [0.2, 0.0])
def test_the_kept_generator_is_the_mean_that_its_memory_makes(ema):
    keras.utils.set_random_seed(0)
    settings = DcganTraining.parse({**TINY, "ema": ema})
    gan, raw = build(settings, (28, 28, 1), class_target(1)), build_generator(settings, (28, 28, 1), 0)
    step = AdversarialStep(gan, raw, settings, 1000)
    images = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), np.uint8)
    expected = {variable.path: np.array(_numpy(_plain(variable))) for variable in raw.variables}
    start = dict(expected)
    for place in range(1, 4):
        step((images, np.zeros(8, np.int32)), Place(7, 0, place))
        step.sync()
        memory = min(ema, (1 + place) / (10 + place))  # 2 / 11 in the first step, the setting from then on
        for variable in raw.variables:
            mean = expected[variable.path]
            expected[variable.path] = memory * mean + (1 - memory) * np.array(_numpy(_plain(variable)))
    assert any("moving_variance" in path for path in expected)
    for kept, variable in zip(gan.generator.variables, raw.variables, strict=True):
        path = variable.path
        np.testing.assert_allclose(_numpy(_plain(kept)), expected[path], rtol=1e-5, atol=1e-6, err_msg=path)
        assert not np.allclose(expected[path], start[path], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("loss", ["hinge", "wasserstein"])  # the others differ in their formulas alone
def test_a_step_trains_both_networks_and_the_kept_generator_follows(loss):
    keras.utils.set_random_seed(0)
    settings = DcganTraining.parse(
        {**TINY, "loss": loss, "augment": "colour+translate+cutout", "critic_steps": 2 if loss == "wasserstein" else 1}
    )
    gan, raw = build(settings, (28, 28, 1), class_target(3)), build_generator(settings, (28, 28, 1), 3)
    step = AdversarialStep(gan, raw, settings, 1000)
    before = {name: _numpy(_plain(variable)) for name, variable in step.variables().items()}
    random = np.random.default_rng(0)
    count = 8 * settings.critic_steps
    images, labels = random.integers(0, 256, (count, 28, 28, 1), np.uint8), random.integers(0, 3, count, np.int32)
    for place in range(3):
        found = _numpy(step((images, labels), Place(7, 0, place)))
    step.sync()
    assert found.shape == (len(METRICS),)
    assert np.isfinite(found).all()
    assert step.compiled.traces == 1
    after = {name: _numpy(_plain(variable)) for name, variable in step.variables().items()}
    changed = {name.split("/")[0] + "/" + name.split("/")[1] for name in after if (after[name] != before[name]).any()}
    assert {"model/first", "model/down1", "raw/first"} <= changed
    assert any(name.startswith("optimizer") for name in changed)
    kernel = "/first/kernel"
    assert not np.array_equal(after["model" + kernel], after["raw" + kernel])  # a mean lags behind


def _plain(variable):
    value = variable.value
    return value.detach().clone() if hasattr(value, "detach") else value
