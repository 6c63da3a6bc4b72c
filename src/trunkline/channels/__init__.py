"""Channels on which people write: one folder for each kind, behind `ports/channel.py`."""
