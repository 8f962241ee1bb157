"""Distances on the earth."""

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Float64

EARTH_RADIUS_KM = 6371.0


def great_circle_km(
    latitude: float,
    longitude: float,
    latitudes: npt.NDArray[np.floating],
    longitudes: npt.NDArray[np.floating],
) -> Float64:
    """(n,) kilometres from one place to others, in degrees, by the haversine formula; NaN where unknown."""
    here_latitude, here_longitude = np.radians(latitude), np.radians(longitude)
    there_latitude, there_longitude = np.radians(latitudes), np.radians(longitudes)
    half_chord = (
        np.sin((there_latitude - here_latitude) / 2) ** 2
        + np.cos(there_latitude) * np.cos(here_latitude) * np.sin((there_longitude - here_longitude) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half_chord, 0, 1))), np.float64)
