"""What a kind of model reads, gives and is good for. Strings only: window, command line and tasks ask the same row."""
