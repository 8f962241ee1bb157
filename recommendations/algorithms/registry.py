"""The algorithms by the name that experiments, artefacts and staff use."""

from recommendations.algorithms.collaborative_filtering import CollaborativeFiltering
from recommendations.algorithms.content_based import ContentBased
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.matrix_factorization import MatrixFactorization
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.protocol import Algorithm
from recommendations.algorithms.user_knn import UserKNN

ALGORITHMS: dict[str, type[Algorithm]] = {
    each.name: each
    for each in (Popularity, UserKNN, CollaborativeFiltering, MatrixFactorization, ContentBased, Hybrid)
}
