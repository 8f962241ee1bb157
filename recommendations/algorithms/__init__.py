"""Pure numpy and scipy: one file per algorithm, one small protocol (`protocol.py`), one registry."""
