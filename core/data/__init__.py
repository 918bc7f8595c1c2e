"""From files on a disk to arrays in memory. It must not know Keras."""
