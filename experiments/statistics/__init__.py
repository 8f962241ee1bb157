"""Pure numpy and scipy: assignment hashing and the tests that results are read by."""
