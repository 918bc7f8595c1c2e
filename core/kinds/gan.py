"""What draws pictures, by class where there are classes."""

from core.kinds.kind import Kind, Wanted

GAN = Kind(
    samples="pictures",
    wanted=Wanted("class", fewest=0),
    checks=("core.engine.checks:check_extractor", "core.data.open_index:check_data"),
    check_other="core.data.open_index:check_other_data",
    preview="preview",
    describe="core.models.shared.describe_gan:describe_gan",
    evaluate="core.evaluation.evaluate_gan:evaluate_gan",
    scores=("fid",),
    tasks=("generate", "interpolate", "inpaint"),
    refusal="The run '{run}' draws no pictures: it is a {model}.",
    usual="dcgan",
    panel="generation",
    use="Draw with it",
    icon="generation",
    plots=(
        ("adversarial_loss", "gradients"),
        ("distance", "kernel_distance", "inception_score", "discriminator_accuracy"),
    ),
    newest_is_best=True,
    samples_grow=True,
)
