"""One loop of steps: batches in, checkpoints and numbers out."""
