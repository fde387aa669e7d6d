"""Verbs and journeys of this app: what happens to money."""
