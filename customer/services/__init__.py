"""Verbs of this app: what happens. One verb is one transaction."""
