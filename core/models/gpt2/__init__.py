"""GPT-2: its network, its weights in both worlds, and what it computes token by token."""
