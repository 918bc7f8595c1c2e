from core import catalog, doctor


def test_each_backend_is_told_before_the_next_is_looked_at(tmp_path, monkeypatch):
    order = []

    def look(name):
        order.append(name)
        return {"devices": ["cpu:0"], "error": ""} if name == "jax" else {"devices": [], "error": "crashed"}

    monkeypatch.setattr(doctor, "installed_backends", lambda: ["tensorflow", "jax"])
    monkeypatch.setattr(doctor, "_import_elsewhere", look)
    found = doctor.examine(tmp_path / "new", order.append)
    assert order[0].startswith("Pixelwright ")
    assert str(tmp_path / "new") in order[1]
    assert order[2] == "tensorflow"
    assert order[3] == "TensorFlow: crashed (pip install tensorflow)"
    assert order[4] == "jax"
    assert order[5].startswith("JAX ")
    assert order[5].endswith(": cpu:0")
    assert order[6] == 'PyTorch: not installed (pip install "pixelwright[torch]")'
    assert found["devices"] == ["jax: cpu:0"]
    assert list(found["backends"]) == list(catalog.BACKENDS)
