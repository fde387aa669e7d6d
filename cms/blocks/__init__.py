"""The kinds of blocks of which a text is made."""

from cms.blocks.body import BodyBlock

__all__ = ["BodyBlock"]
