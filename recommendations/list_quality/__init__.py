"""What becomes of scores before a list is served: repeats, variety, the surface's window, first showings."""
