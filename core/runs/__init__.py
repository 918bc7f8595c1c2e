"""What lies on disk of a training: runs, the workspace, and what made a picture. Imports no Keras."""
