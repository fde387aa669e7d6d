"""Stand-ins for the outside world: one small HTTP service that imitates the documented API of every provider.

The production adapters talk to it; only base URLs and keys differ. Standard library only, no Django, nothing on disk.
`server.start()` opens one (tests run several at once); `manage.py sandbox` or `python -m integrations.sandbox` serves
one. A provider is one module with a `Provider` subclass, plus its name in `server.PROVIDERS`. What a vendor does not
document is marked "invented" in its module: nobody should take it for a vendor's fact.
"""
