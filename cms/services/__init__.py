"""Verbs of this app: what happens to the sending of a notice."""
