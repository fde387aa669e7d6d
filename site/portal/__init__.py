"""The composition root: settings, addresses, the dashboard, the API's root, health and bootstrap.

Knows every app; no app knows it.
"""
