"""Style transfer's losses against numbers found by hand, and the picture that comes nearer; on each backend."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from core.errors import UserError
from core.inference.style import StylePainter, gram, gram_loss, roughness
from core.models.foreign.backbone import Backbone
from core.settings.stylize import StylizeSettings

SETTINGS = {"content": "a.png", "style": "b.png", "backbone": "c.keras", "lr": 0.05}


def array(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


@pytest.fixture(scope="module")
def backbone():
    """Colours and their opposites, then random filters: enough for colours and edges."""
    random = keras.initializers.HeNormal(seed=3)
    inputs = keras.Input((16, 16, 3))
    colours = layers.Conv2D(6, 1, activation="relu", name="conv0")
    x = layers.AveragePooling2D(2)(colours(inputs))
    colours.set_weights([np.hstack([np.eye(3), -np.eye(3)])[None, None], np.zeros(6)])
    for block in (1, 2):
        x = layers.Conv2D(8, 3, padding="same", activation="relu", kernel_initializer=random, name=f"conv{block}")(x)
        x = layers.AveragePooling2D(2)(x)
    return Backbone(keras.Model(inputs, x), "-1..1", "random")


@pytest.fixture(scope="module")
def pictures():
    """A disc on a ground, and stripes of two other colours."""
    y, x = np.mgrid[:24, :32]
    disc = ((y - 12) ** 2 + (x - 16) ** 2 < 64)[..., None]
    content = np.where(disc, (0.9, 0.9, 0.8), (0.2, 0.3, 0.2)).astype(np.float32)
    y, x = np.mgrid[:28, :20]
    style = np.where(((y + x) % 8 < 4)[..., None], (0.9, 0.1, 0.1), (0.1, 0.1, 0.9)).astype(np.float32)
    return content, style


def paint(backbone, pictures, steps, seed=0, **settings):
    painter = StylePainter(backbone, *pictures, StylizeSettings(**{**SETTINGS, **settings}), seed)
    return painter, [painter() for _ in range(steps)]


def smoothed(losses, name="loss", width=8):
    values = np.array([loss[name] for loss in losses])
    return np.convolve(values, np.ones(width) / width, mode="valid")


def test_a_gram_matrix_is_the_mean_product_of_two_maps():
    features = np.array([[[[1, 0], [2, 1]], [[0, 3], [1, 0]]]], np.float32)  # (1, 2, 2, 2)
    np.testing.assert_allclose(array(gram(features)), [[6 / 4, 2 / 4], [2 / 4, 10 / 4]])


def test_losses_by_hand():
    features = np.ones((1, 3, 5, 2), np.float32)
    assert float(array(gram_loss(features, np.full((2, 2), 2, np.float32)))) == pytest.approx(0.25)
    assert float(array(gram_loss(features, np.ones((2, 2), np.float32)))) == 0
    steps = np.array([0, 1, 1, 0], np.float32).reshape(1, 2, 2, 1)
    assert float(array(roughness(steps))) == 2


@pytest.mark.parametrize("start", ["content", "noise"])
def test_the_smoothed_loss_falls(backbone, pictures, start):
    _, losses = paint(backbone, pictures, 40, start=start)
    curve = smoothed(losses)
    assert curve[-1] < curve[0] / 2
    assert smoothed(losses, "style_loss")[-1] < smoothed(losses, "style_loss")[0] / 2
    thirds = [curve[place] for place in (0, len(curve) // 3, 2 * len(curve) // 3, -1)]
    assert thirds == sorted(thirds, reverse=True)


def test_the_picture_takes_on_the_colours_of_the_style_and_keeps_the_disc(backbone, pictures):
    content, style = pictures
    painter, _ = paint(backbone, pictures, 50)
    painted = painter.picture()
    assert painted.shape == content.shape
    assert painted.dtype == np.uint8
    ours, before, wanted = (picture.reshape(-1, 3).mean(axis=0) for picture in (painted / 255, content, style))
    assert np.abs(ours - wanted).sum() < np.abs(before - wanted).sum() / 2
    disc = content[..., 0] > 0.5
    assert painted[disc].mean() > painted[~disc].mean()


def test_strength_weighs_style_against_content(backbone, pictures):
    ends = [paint(backbone, pictures, 30, strength=strength)[1][-1] for strength in (0.01, 10)]
    assert ends[0]["style_loss"] > 2 * ends[1]["style_loss"]
    assert ends[0]["content_loss"] < ends[1]["content_loss"] / 2


def test_without_style_or_smoothness_the_content_stays(backbone, pictures):
    painter, losses = paint(backbone, pictures, 5, strength=0, smoothness=0)
    assert max(loss["loss"] for loss in losses) < 1e-6
    np.testing.assert_allclose(painter.picture() / 255, pictures[0], atol=0.02)


def test_a_seed_repeats(backbone, pictures):
    one, other = (paint(backbone, pictures, 4, seed=5)[0].picture() for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_layers_and_their_weights_can_be_chosen(backbone, pictures):
    chosen = {"style_layers": "conv0,conv2", "content_layers": "conv2", "shift_px": 0}
    _, losses = paint(backbone, pictures, 1, **chosen)
    _, weighed = paint(backbone, pictures, 1, **chosen, layer_weights="1,3")
    _, first = paint(backbone, pictures, 1, **{**chosen, "style_layers": "conv0"})
    _, last = paint(backbone, pictures, 1, **{**chosen, "style_layers": "conv2"})
    one, other = first[0]["style_loss"], last[0]["style_loss"]
    assert losses[0]["style_loss"] == pytest.approx((one + other) / 2, rel=1e-4)
    assert weighed[0]["style_loss"] == pytest.approx((one + 3 * other) / 4, rel=1e-4)
    assert losses[0]["content_loss"] == pytest.approx(0, abs=1e-6)
    with pytest.raises(UserError, match="1 layer weights for 2 style layers"):
        paint(backbone, pictures, 1, **chosen, layer_weights="1")


def test_a_step_is_traced_once(backbone, pictures):
    painter, _ = paint(backbone, pictures, 6)
    painter.picture()
    painter()
    assert painter.traces == 1


def test_targets_that_there_is_no_room_for_are_computed_anew(backbone, pictures, monkeypatch):
    kept, wanted = paint(backbone, pictures, 6)
    monkeypatch.setattr("core.inference.style.KEPT_BYTES", 0)
    painter, losses = paint(backbone, pictures, 6)
    assert losses == wanted
    assert not any(shift.targets for shift in painter._shifts)
    assert sum(bool(shift.targets) for shift in kept._shifts) <= 7  # no more than were looked at


def test_the_preparation_asks_whether_to_go_on(backbone, pictures):
    class StopError(Exception):
        pass

    def stop():
        raise StopError

    with pytest.raises(StopError):
        StylePainter(backbone, *pictures, StylizeSettings(**SETTINGS), 0, stop)
