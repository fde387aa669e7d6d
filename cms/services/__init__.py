"""Verbs of content: what readers leave behind."""
