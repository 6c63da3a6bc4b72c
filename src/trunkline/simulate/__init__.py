"""Callers and agents made of code, to try the centre without telephones.

They speak plain SIP and RTP to the real switch, as a trunk and a desk phone do, and never touch the service's inside.
"""
