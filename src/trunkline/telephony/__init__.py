"""Asterisk behind call_control and voice_line, and a private Asterisk where none is configured."""
