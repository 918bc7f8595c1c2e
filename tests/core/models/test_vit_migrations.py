"""What becomes of a Vision Transformer's checkpoint of the first format; by hand, on small arrays."""

import numpy as np

from core.models.vit_migrations import fold_embedding

RANDOM = np.random.default_rng(0)
PATCHES, PRODUCT = RANDOM.normal(size=(2, 2, 1, 3)), RANDOM.normal(size=(3, 3))


def folded(bias):
    moments = {
        f"optimizer/adamw/{name}_{moment}": np.ones(shape)
        for name, shape in {
            "patches_kernel": PATCHES.shape,
            "embedding_kernel": PRODUCT.shape,
            "embedding_bias": bias.shape,
            "logits_bias": (2,),
        }.items()
        for moment in ("momentum", "velocity")
    }
    weights = {"model/patches/kernel": PATCHES, "model/embedding/kernel": PRODUCT, "model/embedding/bias": bias}
    return fold_embedding({"state": {}, "variables": {**weights, **moments, "optimizer/adamw/iteration": np.array(7)}})[
        "variables"
    ]


def test_the_product_goes_into_the_convolution():
    picture = RANDOM.normal(size=(2, 2, 1))
    new = folded(np.zeros((5, 3)))
    before = np.tensordot(picture, PATCHES, 3) @ PRODUCT
    np.testing.assert_allclose(np.tensordot(picture, new["model/patches/kernel"], 3), before)


def test_a_row_for_each_place_is_the_position_embedding():
    bias = RANDOM.normal(size=(5, 3))
    new = folded(bias)
    np.testing.assert_array_equal(new["model/position_embedding/embeddings"], bias)
    assert new["model/class_token/embeddings"].shape == (1, 3)
    assert not new["model/class_token/embeddings"].any()
    assert not new["model/patches/bias"].any()


def test_one_row_for_all_places_is_the_convolutions_bias_and_the_class_token():
    bias = RANDOM.normal(size=3)
    new = folded(bias)
    np.testing.assert_array_equal(new["model/patches/bias"], bias)
    np.testing.assert_array_equal(new["model/class_token/embeddings"], bias[np.newaxis])


def test_moments_of_what_changed_start_at_zero_and_the_others_stay():
    new = folded(np.ones((5, 3)))
    for moment in ("momentum", "velocity"):
        for name in ("patches_kernel", "patches_bias", "class_token_embeddings"):
            assert not new[f"optimizer/adamw/{name}_{moment}"].any()
        for name in ("position_embedding_embeddings", "logits_bias"):
            assert new[f"optimizer/adamw/{name}_{moment}"].all()
    assert new["optimizer/adamw/iteration"] == 7


def test_nothing_of_the_former_layer_is_left():
    assert not any("/embedding/" in name or "/embedding_" in name for name in folded(np.ones((5, 3))))
