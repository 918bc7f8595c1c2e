"""Which split a folder's name means, if any. Knows names only: neither what lies in the folders nor where they lie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from core.data.splits import TEST, TRAIN, VALIDATION

PLAIN: Mapping[str, int] = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
LAST = -2  # the test split where nothing else is called so, and else that for validation
WORDS: Mapping[str, int] = {
    **PLAIN,
    **dict.fromkeys(("trn", "trainval", "训练", "训练集", "訓練", "訓練集"), TRAIN),
    **dict.fromkeys(("dev", "devel", "development", "validate", "验证", "验证集", "驗證", "驗證集"), VALIDATION),
    **dict.fromkeys(("tst", "测试", "测试集", "測試", "測試集"), TEST),
    **dict.fromkeys(("holdout", "heldout", "eval", "evaluation"), LAST),
}
# What a name may hold beside that: "training_set", "seg_train", "train_images", "val2017", "testData".
FILLER_WORDS = """
all crop cropped data dataset datasets dir files final folder full image images img imgs jpeg jpegs jpg jpgs of official
part partition photo photos pic pics picture pictures png pngs raw sample samples seg set sets split splits subset the
数据 数据集 图片 图像
"""
FILLERS = frozenset(FILLER_WORDS.split())
HELD_OUT = re.compile(r"(hold|held)[\W_]+out", re.IGNORECASE)
TOKEN = re.compile(r"[A-Z]*[a-z]+|[A-Z]+|[^\W\d_]+")  # camel case has its words, digits and signs divide


def splits_of(names: Iterable[str]) -> dict[str, int]:
    """Returns those of some folders, lying beside each other, that are called as splits are.

    A name may hold more than the split's, such as "stage1_train": where the same is in all of them, and one is called
    for the training. "toy_train" beside "crash_test" means nothing.

    Returns:
        name -> 0 train, 1 validation, 2 test.
    """
    groups: dict[tuple[str, ...], dict[str, int]] = {}
    for name in names:
        split, rest = _meaning(name)
        if split is not None:
            groups.setdefault(rest, {})[name] = split
    best = groups.pop((), {})
    for group in groups.values():
        if is_division(_settled(group)) and not is_division(_settled(best)):
            best = group
    return _settled(best)


def is_division(splits: Mapping[str, int]) -> bool:
    """Whether the folders are one for training and at least one for something else."""
    return TRAIN in splits.values() and len(set(splits.values())) > 1


def is_wrapper(name: str, around: str) -> bool:
    """Whether a lone folder inside a split's folder only repeats that, or says that there are pictures in it."""
    if name.casefold() == around.casefold():
        return True
    split, rest = _meaning(name)
    return not rest and (split is not None or any(sign.isalpha() for sign in name))


def _meaning(name: str) -> tuple[int | None, tuple[str, ...]]:
    """Returns the split that is in a name, None where there is none or more than one, and its words beside that."""
    tokens = [token.casefold() for token in TOKEN.findall(HELD_OUT.sub("holdout", name))]
    found = [_split_of_word(token) for token in tokens]
    splits = [split for split in found if split is not None]
    rest = [token for token, split in zip(tokens, found, strict=True) if split is None and token not in FILLERS]
    return (splits[0] if len(splits) == 1 else None), tuple(rest)


def _split_of_word(word: str) -> int | None:
    if word in WORDS:
        return WORDS[word]
    return next(
        (split for known, split in WORDS.items() if word.startswith(known) and word[len(known) :] in FILLERS), None
    )


def _settled(splits: Mapping[str, int]) -> dict[str, int]:
    taken = set(splits.values())
    last = VALIDATION if TEST in taken and VALIDATION not in taken else TEST
    return {name: last if split == LAST else split for name, split in splits.items()}
