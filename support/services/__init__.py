"""Verbs of this app: what happens to tickets."""
