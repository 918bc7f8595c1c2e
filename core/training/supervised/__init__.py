"""Training by examples with a known answer: classifiers, language models."""
