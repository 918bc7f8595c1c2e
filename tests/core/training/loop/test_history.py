"""history.csv and metrics.jsonl: they grow, and are mended after a kill."""

import json
import math

from core.events import Metric
from core.training.loop.history import History, MetricsLog

ROWS = [{"epoch": epoch, "loss": 1 / (epoch + 3), "val_loss": 0.1 * epoch, "accuracy": 0.5} for epoch in range(4)]
HEADER = b"epoch,accuracy,loss,val_loss\n"


def written(tmp_path, rows):
    path = tmp_path / "history.csv"
    history = History(path)
    for row in rows:
        history.append(row)
    return path, history


def test_has_the_layout_of_kerass_csv_logger(tmp_path):
    path, _ = written(tmp_path, ROWS[:2])
    assert path.read_bytes() == HEADER + b"0,0.5,0.3333333333333333,0.0\n1,0.5,0.25,0.1\n"


def test_a_row_that_a_kill_prevented_is_added(tmp_path):
    path, history = written(tmp_path, ROWS[:2])
    before = path.read_bytes()
    history.mend(ROWS[:3])
    assert path.read_bytes().startswith(before)
    assert len(path.read_bytes().splitlines()) == 4


def test_a_torn_last_line_is_mended(tmp_path):
    path, history = written(tmp_path, ROWS[:3])
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    history.mend(ROWS[:3])
    assert path.read_bytes() == whole


def test_rows_beyond_the_checkpoint_are_cut(tmp_path):
    path, history = written(tmp_path, ROWS)
    history.mend(ROWS[:2])
    assert path.read_bytes() == HEADER + b"0,0.5,0.3333333333333333,0.0\n1,0.5,0.25,0.1\n"


def test_nothing_is_written_where_all_is_well(tmp_path):
    path, history = written(tmp_path, ROWS)
    before = path.stat().st_mtime_ns, path.read_bytes()
    history.mend(ROWS)
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_a_missing_file_is_written_anew(tmp_path):
    path = tmp_path / "history.csv"
    History(path).mend(ROWS[:1])
    assert path.read_bytes() == HEADER + b"0,0.5,0.3333333333333333,0.0\n"
    History(tmp_path / "other.csv").mend([])
    assert not (tmp_path / "other.csv").exists()


def test_the_metrics_log_loses_what_will_be_done_again(tmp_path):
    path = tmp_path / "metrics.jsonl"
    log = MetricsLog(path)
    for step in (1, 2, 3):
        log.append(Metric(step, step / 2, {"loss": 1.0}))
    with path.open("ab") as file:
        file.write(b'{"step": 4, "val')
    log.mend(2)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [1, 2]
    assert path.read_bytes().endswith(b"\n")


def test_every_line_is_json_whatever_was_measured(tmp_path):
    """A GAN's quality is measured in some epochs only, and a training may diverge."""
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.append(Metric(1, 1.0, {"fid": math.nan, "generator_loss": 0.5, "gradient": math.inf}, "epoch"))
    log.append(Metric(2, 2.0, {"fid": 3.0, "generator_loss": -math.inf, "gradient": 1.0}, "epoch"))

    def refuse(sign):
        raise AssertionError(sign)

    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    values = [json.loads(line, parse_constant=refuse)["values"] for line in lines]
    assert values[0] == {"fid": None, "generator_loss": 0.5, "gradient": None}
    assert values[1] == {"fid": 3.0, "generator_loss": None, "gradient": 1.0}
    log.mend(1)
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 1
