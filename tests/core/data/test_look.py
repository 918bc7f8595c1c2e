import numpy as np
import pytest
from PIL import Image

from core.data.look import look
from core.errors import UserError
from core.events import Images
from core.settings.look import LookSettings


def test_a_picture_is_shown_no_larger_than_asked_for(tmp_path, context):
    Image.new("RGB", (900, 300), (255, 0, 0)).save(tmp_path / "图.png")
    found = look(LookSettings(path=str(tmp_path / "图.png"), side_px=120), context)
    (event,) = context.of(Images)
    assert found == {"path": str(tmp_path / "图.png")}
    assert event.pictures[0].shape == (40, 120, 3)
    assert np.array_equal(event.pictures[0][0, 0], [255, 0, 0])


def test_a_small_picture_stays_as_it_is(tmp_path, context):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(pixels).save(tmp_path / "small.png")
    look(LookSettings(path=str(tmp_path / "small.png")), context)
    (event,) = context.of(Images)
    assert np.array_equal(event.pictures[0][..., 0], pixels)


def test_what_is_no_picture_is_a_sentence(tmp_path, context):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UserError, match=r"text\.png"):
        look(LookSettings(path=str(tmp_path / "text.png")), context)
