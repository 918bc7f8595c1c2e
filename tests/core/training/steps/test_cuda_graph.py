"""Steps recorded on a GPU; without one, what is done there to the constants."""

import keras
import numpy as np
import pytest
from class_target import class_target
from keras import ops, tree

from core.settings.dcgan import DcganTraining
from core.training.steps.cuda_graph import WARM_UP, PlayedBack, form_of, numbers_made_in_place

pytestmark = pytest.mark.skipif(keras.backend.backend() != "torch", reason="it is PyTorch's alone")


def _on_gpu() -> bool:
    if keras.backend.backend() != "torch":
        return False  # it need not be installed
    import torch

    return torch.cuda.is_available()


def test_constants_are_what_they_were():
    import torch

    with numbers_made_in_place():
        for number in (0.5, 3, True, 2**40):
            made = ops.convert_to_tensor(number)
            assert made.item() == number
        assert ops.convert_to_tensor(0.5).dtype == torch.float32
        assert ops.convert_to_tensor(3, "float32").dtype == torch.float32
        np.testing.assert_array_equal(ops.convert_to_numpy(ops.convert_to_tensor([1, 2])), [1, 2])


@pytest.mark.parametrize("loss", ["hinge", "wasserstein", "non-saturating"])
def test_a_step_of_a_gan_brings_no_number_from_python_nor_to_it(make_step, loss):
    from torch.utils._python_dispatch import TorchDispatchMode

    seen = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            if func.name().removeprefix("aten::") in {"lift_fresh", "_local_scalar_dense"}:
                seen.append((func.name(), args))
            return func(*args, **(kwargs or {}))

    step, batch = make_step(loss=loss, conditional=False)  # on a CPU PyTorch looks at each class, on a GPU it doesn't
    step.train(*batch(0))
    arrays = [ops.convert_to_tensor(one) for one in _arrays(*batch(1))]
    with numbers_made_in_place(), Watch():
        step._step(*arrays)
    assert not seen
    with Watch():
        step._step(*arrays)
    assert seen  # what there is to see without


class Emulated(PlayedBack):
    """Plays back without a GPU: all but what CUDA does is real."""

    def _run_aside(self, arguments):
        return self._function(*arguments)

    def _capture(self, inputs):
        function, outputs = self._function, self._function(*inputs)

        class Graph:
            def replay(self):
                for place, tensor in zip(tree.flatten(outputs), tree.flatten(function(*inputs)), strict=True):
                    place.copy_(tensor)

        return Graph(), outputs


def batch_of(rows, dtype="float32", number=1.0):
    """Returns a structured sample and its labels, as a captioner's and a detector's are."""
    return {"images": ops.full((rows, 2), number, dtype), "tokens": [ops.full((rows,), 2, "int32")]}, ops.ones((rows,))


def add_up(samples, labels):
    return {"sum": ops.sum(samples["images"]) + ops.sum(ops.cast(samples["tokens"][0], "float32")) + ops.sum(labels)}


def test_batches_that_are_structures_are_played_back():
    played = Emulated(add_up)
    found = [played(*batch_of(4, number=float(number))) for number in range(WARM_UP + 3)]
    assert played.recorded
    assert [one["sum"].item() for one in found] == [8 * number + 8 + 4 for number in range(WARM_UP + 3)]
    samples, labels = batch_of(4, number=5.0)
    assert played(samples, labels)["sum"].item() == 52
    samples["images"] += 1
    assert played._places[0].max().item() == 5  # a copy: the caller's tensors may change


def test_the_form_that_is_recorded_is_the_one_that_comes_often():
    played = Emulated(add_up)
    for _ in range(WARM_UP + 1):  # epochs of three whole batches and a short one
        for rows in (4, 4, 4, 1):
            assert played(*batch_of(rows))["sum"].item() == 5 * rows
    assert played._form == form_of(batch_of(4))


def test_arguments_are_of_one_form_where_structure_shapes_and_types_agree():
    samples, labels = batch_of(4)
    assert form_of((samples, labels)) == form_of(batch_of(4, number=3.0))
    others = [
        batch_of(3),
        batch_of(4, "float16"),
        (samples, labels, labels),
        ({**samples, "more": labels}, labels),
        ({"images": samples["images"], "token": samples["tokens"]}, labels),
    ]
    assert len({form_of(other) for other in [(samples, labels), *others]}) == 6


@pytest.mark.skipif("not _on_gpu()", reason="needs a GPU")
def test_a_recorded_structure_gives_what_the_plain_one_does():
    played = PlayedBack(add_up)
    for number in range(WARM_UP + 3):
        for rows in (4, 1):
            assert played(*batch_of(rows, number=float(number)))["sum"].item() == rows * (2 * number + 3)
    assert played.recorded
    assert played._form == form_of(batch_of(4))


@pytest.mark.skipif("not _on_gpu()", reason="needs a GPU")
@pytest.mark.parametrize("loss", ["hinge", "wasserstein"])
def test_a_recorded_step_does_what_the_plain_one_does(make_step, loss):
    recorded, batch = make_step(loss=loss)
    plain, _ = make_step(loss=loss)
    for turn in range(WARM_UP + 5):
        one = ops.convert_to_numpy(recorded.train(*batch(turn)))
        arrays = [ops.convert_to_tensor(array) for array in _arrays(*batch(turn))]
        other = ops.convert_to_numpy(plain._step(*arrays))
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-3)
    assert recorded.compiled.recorded


@pytest.mark.skipif("not _on_gpu()", reason="needs a GPU")
def test_what_cannot_be_recorded_runs_as_it_stands():
    import torch

    played = PlayedBack(lambda x: x * float(x.sum()))
    x = ops.ones((3,))
    usual = torch.cuda.current_stream()
    for _ in range(WARM_UP + 3):
        np.testing.assert_allclose(ops.convert_to_numpy(played(x)), 3.0)
    assert not played.recorded
    assert torch.cuda.current_stream() == usual
    assert torch.randn(3, device="cuda").isfinite().all()  # chance goes on too


def _arrays(images, labels, noise):
    return images, labels, noise.latents, noise.augment, noise.mix


@pytest.fixture
def make_step():
    """Makes a GAN's step, always from the same weights, and a function that gives it batches."""

    def make(**settings):
        from core.models.dcgan import build, build_generator
        from core.training.gan.adversarial import AdversarialStep

        keras.utils.set_random_seed(0)
        chosen = DcganTraining.parse({"size": "tiny", "filters": 8, "batch_size": 4, **settings})
        shape = (28, 28, 1)
        gan = build(chosen, shape, class_target(3))
        step = AdversarialStep(gan, build_generator(chosen, shape, gan.class_count), chosen, 100)

        def batch(turn):
            random = np.random.default_rng(turn)
            images = random.integers(0, 256, (4, *shape), np.uint8)
            return images, random.integers(0, 3, 4).astype(np.int32), step.noise(0, 0, turn, 4)

        return step, batch

    return make
