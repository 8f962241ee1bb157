from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        from experiments.algorithm_names import algorithm_names_register
        from recommendations.algorithms.registry import ALGORITHMS

        algorithm_names_register(ALGORITHMS)
