"""Pure numpy and scipy: assignment hashing and the tests of docs/statistics.md."""
