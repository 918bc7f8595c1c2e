"""The kind of model that classifies pictures."""

from core.kinds.kind import Kind, Wanted

CLASSIFIER = Kind(
    samples="pictures",
    wanted=Wanted("class", fewest=2),
    checks=("core.data.open_index:check_data",),
    check_other="core.data.open_index:check_other_data",
    preview="preview",
    describe="core.models.shared.describe:describe_pictures",
    evaluate="core.evaluation.evaluate_classifier:evaluate_classifier",
    scores=("test_accuracy",),
    tasks=("classify",),
    refusal="The run '{run}' can't classify: it is a {model}.",
    usual="cnn",
    panel="classification",
    use="Classify with it",
    icon="classification",
    plots=(("loss",), ("accuracy",)),
)
