"""The training panel with a model of texts: its form asks nothing about pictures, and the texts are looked at."""

from __future__ import annotations

import pytest

from desktop_app.translation import translator


def choose_gpt2(window):
    setup = window.panels["training"].setup
    setup.model.setCurrentIndex(setup.model.findData("gpt2"))
    return setup


def test_the_form_asks_for_texts_and_nothing_about_pictures(window):
    setup = choose_gpt2(window)
    names = set(setup.job().settings)
    assert {"documents", "encoding", "vocabulary", "layers", "context", "epochs"} <= names
    assert not names & {"image_px", "crop", "flip", "colour", "label_smoothing"}
    assert setup.problem() == ""
    assert setup.job().typed_settings().data == setup.data.data


def test_texts_are_counted_where_pictures_would_be_shown(window, qtbot, tmp_path):
    (tmp_path / "story.txt").write_text("".join(f"Line {number} of a story.\n" for number in range(500)))
    setup = choose_gpt2(window)
    setup.data.take_paths([tmp_path / "story.txt"])
    about = window.panels["training"].view.about
    qtbot.waitUntil(lambda: about.text() == "Looking at the texts…", timeout=60_000)
    qtbot.waitUntil(lambda: "The first begins: Line" in about.text(), timeout=60_000)
    assert "characters" in setup.data.about.text()
    assert not window.panels["training"].view.pictures.isVisible()
    assert window.panels["training"].looks.problem is None


def test_pictures_are_no_texts(window, qtbot):
    setup = choose_gpt2(window)
    assert setup.data.data == "shapes"  # what is built in and has no sentences gives way
    assert setup.data.text_button.isVisibleTo(setup)
    setup.data.choose("digits")
    looks = window.panels["training"].looks
    qtbot.waitUntil(lambda: looks.problem is not None, timeout=60_000)
    assert "'digits'" in str(looks.problem)


def test_settings_that_both_know_are_kept_when_the_model_changes(window):
    setup = window.panels["training"].setup
    setup.form.show_values({**setup.form.values(), "test_share": 0.3})
    assert choose_gpt2(window).job().settings["test_share"] == 0.3


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_data_fit_their_column_in_each_language(window, language):
    translator().set_language(language)
    setup = choose_gpt2(window)
    assert setup.data.minimumSizeHint().width() <= setup.form.minimumSizeHint().width()  # which fills the column
    assert setup.data.text_button.isVisible()


def test_where_the_data_are_refused_no_empty_grid_is_shown(window, qtbot, tmp_path):
    setup = choose_gpt2(window)
    setup.data.choose(str(tmp_path))
    looks = window.panels["training"].looks
    qtbot.waitUntil(lambda: looks.problem is not None, timeout=60_000)
    assert not window.panels["training"].view.pictures.isVisible()
