"""What reports take from a run's history, whatever state its file is in."""

import pytest

from core.reports.page import curve, history, short_name
from core.runs.run import Run

WHOLE = b"epoch,loss,val_loss\n0,2.5,2.75\n1,2.25,2.5\n2,2.0,\n"


def read(tmp_path, content, name="loss"):
    run = Run(tmp_path)
    run.history_path.write_bytes(content)
    return curve(history(run), name)


def test_a_column_is_read_where_it_holds_numbers(tmp_path):
    assert read(tmp_path, WHOLE) == ([1, 2, 3], [2.5, 2.25, 2.0])
    assert read(tmp_path, WHOLE, "val_loss") == ([1, 2], [2.75, 2.5])
    assert read(tmp_path, WHOLE, "accuracy") == ([], [])


@pytest.mark.parametrize("cell", [b"abc", b"", b"nan", b"-inf", b"1e300", b"\x00\xff\xfe", b'"', b"x" * 200_000])
def test_a_cell_that_is_no_number_is_left_out(tmp_path, cell):
    after = [] if len(cell) > 100_000 else [2.0]  # the csv module reads no further
    found = [2.5, *after]
    assert read(tmp_path, WHOLE.replace(b"2.25", cell)) == ([1, 3][: len(found)], found)
    assert read(tmp_path, WHOLE.replace(b"\n1,", b"\n" + cell + b","))[1] == found


def test_a_history_without_epochs_holds_nothing_to_draw(tmp_path):
    assert read(tmp_path, WHOLE.replace(b"epoch", b"number")) == ([], [])
    assert read(tmp_path, b"") == ([], [])
    assert read(tmp_path, bytes(1000)) == ([], [])
    assert history(Run(tmp_path / "missing")) == []


def test_rows_of_other_lengths_are_read_as_far_as_they_go(tmp_path):
    assert read(tmp_path, b"epoch,loss\n0\n1,2.5,7,8\n,\n2,2.0\n") == ([2, 3], [2.5, 2.0])


def test_a_picture_is_named_by_its_folder_and_file():
    assert short_name("/data/some.zip/bird/0605.jpg") == "bird/0605.jpg"
    assert short_name("17") == "17"
