"""An invented world in four real cities: nights out, people with hidden tastes, what they do.

Everything is a function of a seed and of the calendar week an event falls in, never of the moment it is
asked for: the same night is the same night whenever the command runs, and the world can be rebuilt without
a database. Only `loading.py` writes.
"""
