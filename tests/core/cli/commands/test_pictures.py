import pytest

WAY = ("interpolate", "GAN", "--out", "way.gif", "--json")


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (("--from", "3", "--to", "4"), {"from_seed": 3, "to_seed": 4, "method": "spherical"}, ""),
        (
            ("--method", "arithmetic", "--to", "4", "--minus", "9", "--label", "1", "--to-label", "2"),
            {"to_seed": 4, "less_seed": 9, "label": "1", "to_label": "2"},
            "",
        ),
        (("--method", "arithmetic", "--set", "less_seed=9"), {"less_seed": 9}, ""),
        (("--method", "walk", "--from", "3"), {"method": "walk", "from_seed": 3}, ""),
        (("--method", "walk", "--to", "4"), {"method": "walk"}, "--to is left out: --method walk does not use it.\n"),
        (("--set", "method=walk", "--to", "4"), {}, "--to is left out: --method walk does not use it.\n"),
        (("--minus", "4"), {}, "--minus is left out: --method spherical does not use it.\n"),
    ],
)
def test_each_option_of_a_way_is_a_setting_and_one_without_use_is_told(
    call, gan_id, tmp_path, monkeypatch, words, settings, said
):
    monkeypatch.chdir(tmp_path)
    jobs = []
    monkeypatch.setattr(
        "core.cli.commands.pictures.run_here", lambda job, _: jobs.append(job) or {"count": 0, "files": []}
    )
    status, _, stderr = call(*(gan_id if word == "GAN" else word for word in WAY), *words)
    assert (status, stderr) == (0, said)
    found = jobs[0].typed_settings().model_dump()
    assert {name: found[name] for name in settings} == settings
