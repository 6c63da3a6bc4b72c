"""Trunkline: a telephony-first contact centre."""
