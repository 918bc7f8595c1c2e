"""What writes texts, token by token."""

from core.kinds.kind import Kind, Wanted

LANGUAGE = Kind(
    samples="texts",
    wanted=Wanted("none", fewest=0),  # a text says itself what follows each of its tokens
    checks=("core.text.corpus.corpus:check_corpus",),
    check_other="core.text.corpus.corpus:check_corpus",
    preview="preview_text",
    describe="core.models.gpt2.describe:describe_text",
    evaluate="core.evaluation.evaluate_text:evaluate_text",
    scores=("perplexity",),
    tasks=("text", "examine_text"),
    refusal="The run '{run}' writes no text: it is a {model}.",
    usual="gpt2",
    panel="generation",
    use="Write with it",
    icon="text",
    plots=(("loss",), ("perplexity",)),
)
