"""The commands: one file a group, one function a command. `core.cli.main` assembles them."""
