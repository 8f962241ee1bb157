"""What each action says about liking, as one number. A save is the unit."""

ACTION_WEIGHTS: dict[str, float] = {
    "purchase": 1.5,
    "attend": 1.5,
    "save": 1.0,
    "share": 1.0,
    "thumbs_up": 1.0,
    "click": 0.2,
    "impression": 0.0,
    "skip": -0.2,
    "thumbs_down": -1.0,
    "hide": -1.0,
    "unsave": 0.0,  # it takes the save back, and says nothing of its own
}
