"""What samples are to be learnt as: one file a kind of target, a row of `core.catalog.TARGETS` each."""
