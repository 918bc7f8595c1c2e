from __future__ import annotations

import re

import texts
from PySide6.QtWidgets import QLabel

from desktop_app.translation import read_dictionary, say, tr, translator

CHINESE = read_dictionary("zh_CN")
# What runs of earlier versions keep in their results, to be shown in the language of the window.
EARLIER = {
    "The generator keeps to few kinds of pictures: {percent} % of the variety of real ones.",
    "The generator repeats itself: its nearest pictures are {percent} % as far apart as real ones.",
    "Pictures of one kind are too much alike: they differ {percent} % as much as real ones.",
    "The generated pictures are too much alike: they differ {percent} % as much as real ones.",
}


def test_every_text_of_the_window_is_translated():
    assert sorted(texts.window_texts() - CHINESE.keys()) == []


def test_every_setting_is_translated():
    assert sorted(texts.settings_texts() - CHINESE.keys()) == []


def test_every_message_of_the_engines_is_translated():
    assert sorted(texts.core_texts() - CHINESE.keys()) == []


def test_what_earlier_versions_wrote_into_results_is_translated():
    assert sorted(EARLIER - CHINESE.keys()) == []


def test_nothing_is_translated_that_no_one_says():
    assert sorted(CHINESE.keys() - texts.written_texts() - EARLIER) == []


def test_translations_speak_of_the_same_values():
    def values(text: str) -> list[str]:
        return sorted(re.findall(r"\{\w+\}", text))

    assert [english for english, chinese in CHINESE.items() if values(english) != values(chinese)] == []


def test_a_label_follows_the_language(qtbot):
    label = QLabel()
    qtbot.addWidget(label)
    say(label.setText, "Start")
    translator().set_language("zh_CN")
    assert label.text() == "开始"
    translator().set_language("en")
    assert label.text() == "Start"


def test_an_unknown_text_stays_english():
    assert tr("A text that nobody has translated {n}", n=3) == "A text that nobody has translated 3"
