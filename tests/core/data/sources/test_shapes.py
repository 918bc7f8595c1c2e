import hashlib
import itertools
import math
import re
import time
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from core.data.load import load
from core.data.preview import preview
from core.data.sources.shapes import (
    Attributes,
    Thing,
    draw_clip,
    draw_scene,
    entropy,
    log_probability,
    make_clip,
    make_scene,
    parse,
    write,
)
from core.data.sources.shapes.drawing import RGB
from core.data.sources.shapes.grammar import wordings
from core.data.sources.shapes.scenes import CLASSES, COLOURS, RELATIONS, SHAPES, SIZES, holds
from core.errors import UserError
from core.settings.dataset import DatasetSettings

SCENES = [make_scene(0, number) for number in range(3000)]


# ------------------------------------------------------------------ scenes


def test_scenes_hold_what_they_promise():
    assert Counter(len(scene.attributes.things) for scene in SCENES).keys() == {1, 2, 3}
    assert Counter(len(scene.sentences) for scene in SCENES).keys() == {1, 2, 3}
    assert {scene.ground for scene in SCENES} == {"plain", "noisy"}
    assert (len(COLOURS), len(SHAPES), len(SIZES), len(CLASSES)) == (6, 4, 2, 24)
    assert Counter(scene.label for scene in SCENES).keys() == set(range(24))
    for scene in SCENES:
        largest = scene.attributes.things[0]
        assert CLASSES[scene.label] == f"{largest.colour} {largest.shape}"
        assert bool(scene.attributes.relation) == (len(scene.attributes.things) > 1)


def test_boxes_lie_inside_apart_and_are_small_enough():
    for scene in SCENES:
        for left, top, right, bottom in scene.boxes:
            assert left >= 0
            assert top >= 0
            assert right <= 1
            assert bottom <= 1
            assert (right - left) * (bottom - top) <= 1 / 6
            # Even the whole pixels that a box touches at 64 px make up no more.
            width, height = (math.ceil(b * 64) - math.floor(a * 64) for a, b in ((left, right), (top, bottom)))
            assert width * height <= 64 * 64 / 6
        for one, other in itertools.combinations(scene.boxes, 2):
            assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]


def test_things_come_from_the_largest_to_the_smallest_a_quarter_apart():
    for scene in SCENES:
        for one, other in itertools.pairwise(scene.boxes):
            assert (other[2] - other[0]) ** 2 <= 0.75 * (one[2] - one[0]) ** 2


def test_drawn_areas_differ_by_a_quarter_too():
    """Counted in the picture, with things of different colours: the shape fills only part of its box."""
    seen = 0
    for scene in SCENES[:600]:
        things = scene.attributes.things
        if scene.ground == "plain" and len({thing.colour for thing in things}) == len(things) > 1:
            picture = draw_scene(scene, 256)
            areas = [int(np.all(picture == RGB[thing.colour], axis=-1).sum()) for thing in things]
            assert all(other <= 0.77 * one for one, other in itertools.pairwise(areas))
            seen += 1
    assert seen > 100


def test_size_words_can_be_seen():
    sides = {word: [] for word in SIZES}
    for scene in SCENES:
        for thing, box in zip(scene.attributes.things, scene.boxes, strict=True):
            sides[thing.size].append(box[2] - box[0])
    assert max(sides["small"]) < min(sides["large"])


def test_relations_can_be_seen():
    for scene in SCENES:
        if scene.attributes.relation:
            true = [name for name in RELATIONS if holds(name, *scene.boxes[:2])]
            assert true == [scene.attributes.relation]


def test_attributes_are_evenly_spread():
    things = [thing for scene in SCENES for thing in scene.attributes.things]
    relations = [scene.attributes.relation for scene in SCENES if scene.attributes.relation]
    for values in (
        [thing.colour for thing in things],
        [thing.shape for thing in things],
        relations,
        [len(scene.attributes.things) for scene in SCENES],
        [scene.label for scene in SCENES],
        [scene.ground for scene in SCENES],
    ):
        assert stats.chisquare(list(Counter(values).values())).pvalue > 0.001


def test_place_says_nothing_about_colour_or_shape():
    """Places are sought after the attributes are fixed, so none is rarer for being hard to place."""
    threes = [scene for scene in SCENES if len(scene.attributes.things) == 3]
    large = Counter(sum(thing.size == "large" for thing in scene.attributes.things) for scene in threes)
    assert stats.chisquare([large[count] for count in range(4)]).pvalue > 0.001


def test_scene_depends_on_its_two_numbers_only():
    assert make_scene(5, 17) == make_scene(5, 17)
    assert make_scene(5, 17) != make_scene(5, 18)
    assert make_scene(5, 17) != make_scene(6, 17)


def test_pictures_are_the_same_on_every_machine():
    digest = hashlib.sha256()
    for number in range(50):
        digest.update(draw_scene(make_scene(7, number), 64).tobytes())
        digest.update("|".join(make_scene(7, number).sentences).encode())
        digest.update(draw_clip(make_clip(7, number), 32, 4).tobytes())
    assert digest.hexdigest()[:16] == "908c4e3f77baacfb"


def test_drawn_thing_fills_its_box():
    for number, scene in enumerate(SCENES[:200]):
        if len(scene.attributes.things) > 1 or scene.ground != "plain":
            continue
        rows, columns = np.nonzero(np.any(draw_scene(scene, 64) != scene.tone, axis=-1))
        left, top, right, bottom = scene.boxes_px(64)[0]
        assert abs(columns.min() - left) <= 1, number
        assert abs(columns.max() + 1 - right) <= 1
        assert abs(rows.min() - top) <= 1
        assert abs(rows.max() + 1 - bottom) <= 1


def test_five_thousand_scenes_take_seconds():
    started = time.thread_time()  # of this thread alone: other tests may run beside it
    for number in range(500):
        draw_scene(make_scene(1, number), 64)
    assert time.thread_time() - started < 1


@pytest.mark.parametrize("side_px", [16, 33, 128])
def test_every_size_can_be_drawn(side_px):
    assert draw_scene(SCENES[0], side_px).shape == (side_px, side_px, 3)


# ------------------------------------------------------------------ sentences


def test_every_sentence_reads_back_as_the_scene():
    for scene in SCENES:
        assert len(set(scene.sentences)) == len(scene.sentences)
        for sentence in scene.sentences:
            assert parse(sentence) == scene.attributes


def test_grammar_is_unambiguous():
    """All sentences of one thing and all relations of two: no text comes about in two ways."""
    things = [Thing(*words) for words in itertools.product(SIZES, COLOURS, SHAPES)]
    all_attributes = [Attributes((thing,)) for thing in things]
    all_attributes += [Attributes((things[0], things[-1]), relation) for relation in RELATIONS]
    all_attributes += [Attributes((things[0], things[1], things[-1]), relation) for relation in RELATIONS]
    texts = {}
    for attributes in all_attributes:
        for wording in range(wordings(len(attributes.things))):
            text = write(attributes, wording)
            assert text not in texts
            texts[text] = attributes
            assert parse(text) == attributes


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "there is",
        "there is a red circle",
        "there is a large red",
        "there is a large red circle ",
        " there is a large red circle",
        "there is  a large red circle",
        "There is a large red circle",
        "there is a large red circle.",
        "there is a large pink circle",
        "there is a large red circle left of",
        "there is a large red circle and also a small blue cross",
        "there is a large red circle left a small blue cross",
        "there is a small red circle left of a large blue cross",
        "there is a large red circle left of a small red cross above a small blue cross",
        "there is a large red circle left of a small red cross and also",
        "there is a large red circle left of a small red cross and also a small red cross and also a small red cross",
        "there is a large redcircle",
        "a large red circle",
    ],
)
def test_what_the_grammar_does_not_give_is_refused(sentence):
    with pytest.raises(ValueError, match=re.escape(f"Received: sentence={sentence!r}")):
        parse(sentence)


def test_probabilities_add_up():
    """One thing: 48 meanings in 3 wordings share the third of all scenes that have one thing."""
    total = 0.0
    for thing in (Thing(*words) for words in itertools.product(SIZES, COLOURS, SHAPES)):
        for wording in range(wordings(1)):
            total += math.exp(log_probability(write(Attributes((thing,)), wording)))
    assert total == pytest.approx(1 / 3)


def test_entropy_is_that_of_the_sentences_drawn():
    surprise = [-log_probability(sentence) for scene in SCENES for sentence in scene.sentences[:1]]
    error = np.std(surprise) / math.sqrt(len(surprise))
    assert abs(np.mean(surprise) - entropy()) < 4 * error


def test_entropy_by_hand():
    ln = math.log
    one = ln(24) + ln(2) + ln(3)
    two = 2 * ln(24) + ln(3) + ln(4) + ln(6)
    three = 3 * ln(24) + ln(4) + ln(4) + ln(12)
    assert entropy() == pytest.approx(ln(3) + (one + two + three) / 3)


def test_frequencies_of_one_thing_sentences_fit_their_probabilities():
    sentences = [scene.sentences[0] for scene in SCENES if len(scene.attributes.things) == 1]
    openings = Counter(sentence.split(" a ")[0] for sentence in sentences)
    assert stats.chisquare(list(openings.values())).pvalue > 0.001


# ------------------------------------------------------------------ as data sets


def test_shapes_load_as_a_data_set(context, new_context):
    settings = DatasetSettings(data="shapes", count=300, side_px=32)
    dataset = load(settings, 3, context)
    assert dataset.images.shape == (300, 32, 32, 3)
    assert dataset.targets.classes == tuple(sorted(CLASSES))
    assert np.array_equal(dataset.images[17], draw_scene(make_scene(3, 17), 32))
    assert dataset.targets.classes[dataset.targets.labels[17]] == CLASSES[make_scene(3, 17).label]
    assert dataset.names[17] == "shapes/17"
    again = load(settings, 3, new_context())
    assert again.fingerprint == dataset.fingerprint
    assert load(settings, 4, new_context()).fingerprint != dataset.fingerprint


def test_side_is_what_was_asked_for(context):
    assert load(DatasetSettings(data="shapes", count=100, side_px=96), 0, context).shape == (96, 96, 3)
    assert load(DatasetSettings(data="shapes", count=100, side_px=96, image_px=16), 0, context).shape == (16, 16, 3)


def test_preview_of_shapes(context):
    report = preview(DatasetSettings(data="shapes"), context)
    assert report["samples"] == 5000
    assert report["shape"] == [64, 64, 3]


# ------------------------------------------------------------------ clips


CLIPS = [make_clip(0, number, ("left", "right", "up", "down")) for number in range(4000)]


def test_directions_are_settings_and_equally_frequent():
    assert {make_clip(0, number).direction for number in range(50)} == {"left", "right"}
    assert stats.chisquare(list(Counter(clip.direction for clip in CLIPS).values())).pvalue > 0.001
    assert DatasetSettings(directions="up,down").directions == ("up", "down")
    for wrong in ("up", "up,up", "up,north"):
        with pytest.raises(UserError, match="directions"):
            DatasetSettings.parse({"directions": wrong})


@pytest.mark.parametrize("frame", [0, 3, 7])
def test_no_single_frame_gives_the_direction_away(frame):
    """In every frame of every class, the place is spread evenly over the picture."""
    places = {name: [] for name in ("left", "right", "up", "down")}
    for clip in CLIPS:
        places[clip.direction].append(clip.middle(frame))
    for one, other in itertools.combinations(places.values(), 2):
        for axis in (0, 1):
            first, second = (np.array(rows)[:, axis] for rows in (one, other))
            assert stats.ks_2samp(first, second).pvalue > 0.001
    for rows in places.values():
        for axis in (0, 1):
            assert stats.kstest(np.array(rows)[:, axis], "uniform").pvalue > 0.001


def test_things_move_in_their_direction():
    for clip in CLIPS[:200]:
        (x0, y0), (x1, y1) = clip.middle(0), clip.middle(1)
        across, down = ((b - a + 0.5) % 1 - 0.5 for a, b in ((x0, x1), (y0, y1)))
        expected = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[clip.direction]
        assert (round(across / clip.speed), round(down / clip.speed)) == expected


def test_what_leaves_on_one_side_comes_in_on_the_other():
    clip = next(clip for clip in CLIPS if clip.ground == "plain" and clip.thing.shape == "square")
    areas = [np.any(frame != clip.tone, axis=-1).sum() for frame in draw_clip(clip, 64, 30)]
    assert max(areas) - min(areas) < 0.25 * max(areas)  # smooth edges cover more or fewer pixels


def test_clips_have_frames(context):
    assert draw_clip(CLIPS[0], 32, 5).shape == (5, 32, 32, 3)


def test_clips_are_no_pictures_to_train_on(context):
    with pytest.raises(UserError, match="clips"):
        load(DatasetSettings(data="shapes-clips", count=20), 0, context)
