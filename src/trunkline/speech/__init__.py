"""Voices and ears: programs that speak, and the sound files they make."""
