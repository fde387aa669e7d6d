"""Pages that the technical team edits, and the settings of the site (name, logo, colour, texts).

Neighbours: commerce and customer below; portal above.
"""
