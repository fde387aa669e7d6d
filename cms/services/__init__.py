"""Verbs of content: what readers leave behind, and what happens to the sending of a notice."""
