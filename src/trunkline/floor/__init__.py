"""What happens now: one module per kind of use-case. Decide (at once, in memory), commit, and only then act."""
