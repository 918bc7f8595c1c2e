"""Gradients and compiled steps, against derivatives found by hand; on whatever backend the tests run."""

import keras
import numpy as np
import pytest
from keras import ops

from core.training.steps.gradients import compile_forward, compile_step, input_gradient, value_and_grad


@pytest.fixture
def weight():
    return keras.Variable(np.array([1.0, 2.0, 3.0], np.float32), name="weight")


@pytest.fixture
def counter():
    return keras.Variable(0.0, trainable=False, name="counter")


def _numpy(value):
    return np.asarray(ops.convert_to_numpy(value))


def test_a_step_gives_value_gradient_and_the_rest(weight):
    def step(x):
        return value_and_grad(lambda: (ops.sum(weight.value**2 * x), ops.max(x)), [weight])

    value, rest, (gradient,) = compile_step(step, [weight])(np.array([1.0, 0.5, 2.0], np.float32))
    assert _numpy(value) == pytest.approx(1 + 2 + 18)
    assert _numpy(rest) == 2
    np.testing.assert_allclose(_numpy(gradient), [2, 2, 12])


def test_a_token_that_comes_twice_moves_its_embedding_by_one_step_of_adam(weight):
    """By hand: Adam's first step is as long as the rate, whatever the gradient's size."""
    embedding = keras.Variable(np.zeros((3, 2), np.float32), name="embedding")
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build([embedding])

    def step(ids):
        def loss():
            return ops.sum(ops.take(embedding.value, ids, axis=0) * ops.convert_to_tensor([1.0, 2.0])), None

        value, _, gradients = value_and_grad(loss, [embedding])
        optimizer.apply(gradients, [embedding])
        return value

    compiled = compile_step(step, [embedding, *optimizer.variables])
    compiled(np.array([1, 1, 2], np.int32))
    compiled.sync()
    np.testing.assert_allclose(_numpy(embedding.value), [[0, 0], [-0.1, -0.1], [-0.1, -0.1]], rtol=1e-4)


def test_what_a_step_assigns_is_there_after_sync(weight, counter):
    def step(x):
        def loss():
            counter.assign_add(1.0)  # as a batch norm's mean, inside what is differentiated
            return ops.sum(weight.value * x), None

        value, _, (gradient,) = value_and_grad(loss, [weight])
        weight.assign(weight.value - 0.1 * gradient)
        return value

    compiled = compile_step(step, [weight, counter])
    x = np.array([1.0, 2.0, 3.0], np.float32)
    values = [float(_numpy(compiled(x))) for _ in range(3)]
    compiled.sync()
    assert values == pytest.approx([14.0, 12.6, 11.2])
    np.testing.assert_allclose(_numpy(weight.value), [0.7, 1.4, 2.1], rtol=1e-5)
    assert float(_numpy(counter.value)) == 3
    assert compiled.traces == 1


def test_what_a_step_only_reads_may_be_used_between_the_calls(weight, counter):
    compiled = compile_step(lambda: counter.assign_add(ops.sum(weight.value)), [counter], read=[weight])
    for _ in range(2):
        compiled()
        assert float(_numpy(ops.sum(weight.value))) == 6
    weight.assign(np.ones(3, np.float32))
    compiled()
    compiled.sync()
    assert float(_numpy(counter.value)) == 15


def test_a_step_sees_what_is_assigned_between_two_calls(weight):
    compiled = compile_step(lambda: ops.sum(weight.value), [weight])
    assert float(_numpy(compiled())) == 6
    compiled.sync()
    weight.assign(np.zeros(3, np.float32))
    assert float(_numpy(compiled())) == 0


def test_a_variable_that_plays_no_part_has_the_gradient_zero(weight):
    other = keras.Variable(np.ones(2, np.float32), name="other")

    def step():
        return value_and_grad(lambda: (ops.sum(weight.value), None), [weight, other])[2]

    gradients = compile_step(step, [weight, other])()
    np.testing.assert_array_equal(_numpy(gradients[0]), np.ones(3))
    np.testing.assert_array_equal(_numpy(gradients[1]), np.zeros(2))


def test_the_gradient_of_an_input():
    x = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    value, rest, gradient = input_gradient(lambda array: (ops.sum(array**3), ops.shape(array)[0]), x)
    assert float(keras.ops.convert_to_numpy(value.detach() if hasattr(value, "detach") else value)) == 100
    assert rest == 2
    detached = gradient.detach() if hasattr(gradient, "detach") else gradient
    np.testing.assert_allclose(_numpy(detached), 3 * x**2)


def test_the_gradient_of_a_gradient(weight):
    """The penalty of a Wasserstein critic: f(x) = sum(w x^2) has df/dx = 2 w x, whose square by w is 8 w x^2."""
    x = np.array([1.0, 2.0, 0.5], np.float32)

    def step(array):
        def penalty():
            _, _, slope = input_gradient(lambda a: (ops.sum(weight.value * a**2), None), array)
            return ops.sum(slope**2), None

        return value_and_grad(penalty, [weight])

    value, _, (gradient,) = compile_step(step, [weight])(x)
    w = np.array([1.0, 2.0, 3.0])
    assert float(_numpy(value)) == pytest.approx(float(np.sum((2 * w * x) ** 2)))
    np.testing.assert_allclose(_numpy(gradient), 8 * w * x**2, rtol=1e-6)


def test_a_training_step_with_an_optimizer_lowers_the_loss():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 4)).astype(np.float32)
    y = x @ np.array([[1.0], [-2.0], [0.5], [3.0]], np.float32)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)

    def step(inputs, targets):
        def loss():
            return ops.mean((model(inputs, training=True) - targets) ** 2), None

        value, _, gradients = value_and_grad(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return value

    compiled = compile_step(step, [*model.variables, *optimizer.variables])
    losses = [float(_numpy(compiled(x, y))) for _ in range(60)]
    compiled.sync()
    assert losses[-1] < losses[0] / 50


def test_a_forward_function_reads_the_variables_as_they_are(weight):
    compiled = compile_forward(lambda x, place: ops.sum(weight.value * x) + ops.cast(place, "float32"), [weight])
    x = np.ones(3, np.float32)
    assert float(_numpy(compiled(x, 1))) == 7
    weight.assign(np.array([2.0, 2.0, 3.0], np.float32))
    assert [float(_numpy(compiled(x, place))) for place in range(3)] == [7, 8, 9]
    assert compiled.traces == 1
    if keras.backend.backend() != "torch":  # which traces nothing
        compiled(x[:1], 0)
        assert compiled.traces == 2


def test_what_a_forward_function_consumes_comes_back_changed(weight):
    def put(state, place):
        return {"state": ops.slice_update(state["state"], (place,), weight.value[:1])}

    compiled = compile_forward(put, [weight], consumed=[0])
    state = {"state": ops.zeros(4)}
    for place in (1, 3):
        state = compiled(state, place)
    np.testing.assert_array_equal(_numpy(state["state"]), [0, 1, 0, 1])
    assert compiled.traces == 1
