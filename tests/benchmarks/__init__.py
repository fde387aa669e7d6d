"""What pages cost: paired rounds against a bare Django project. `python -m tests.benchmarks`, see README.md."""
