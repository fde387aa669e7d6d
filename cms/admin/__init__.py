"""The back office of notices."""
