"""Settings classes, one small file a model or task. They must not import machine learning."""
