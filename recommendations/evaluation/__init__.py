"""Pure numpy: temporal splits and ranking metrics."""
