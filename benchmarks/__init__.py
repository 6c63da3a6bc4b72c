"""Figures, each beside its peer's in the same run. `make bench` runs them; README.md says how to read them."""
