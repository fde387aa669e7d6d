"""A small project around django-helpdesk; runs in the environment that `tests.benchmarks.helpdesk` makes for it."""
