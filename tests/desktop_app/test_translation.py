from __future__ import annotations

import re

import texts
from PySide6.QtWidgets import QLabel

from desktop_app.translation import read_dictionary, say, tr, translator

CHINESE = read_dictionary("zh_CN")


def test_every_text_of_the_window_is_translated():
    assert sorted(texts.window_texts() - CHINESE.keys()) == []


def test_every_setting_is_translated():
    assert sorted(texts.settings_texts() - CHINESE.keys()) == []


def test_every_message_of_the_engines_is_translated():
    assert sorted(texts.core_texts() - CHINESE.keys()) == []


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
