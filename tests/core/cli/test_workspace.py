from core.jobs import Job
from core.runs.run import Workspace


def test_of_several_runs_with_one_name_the_one_taken_is_told(call, tmp_path):
    place = Workspace(tmp_path / "workspace")
    made = [place.create_run(Job(task="train", model="cnn", name="pets"))[0] for _ in range(2)]
    for run, created in zip(made, ("2026-01-01T10:00:00", "2026-01-02T10:00:00"), strict=True):
        run.update(status="done", created=created)
    stderr = call("resume", "pets")[2]
    assert stderr.splitlines()[0] == f"2 runs fit 'pets': the newest is taken, {made[1].id}."
    assert len(call("resume", made[0].id)[2].splitlines()) == 1
