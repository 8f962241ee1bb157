from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        from experiments.algorithm_names import algorithm_names_register
        from experiments.variant_parameters import variant_parameters_register
        from recommendations.algorithms.registry import ALGORITHMS
        from recommendations.list_parameters import SCHEMA

        algorithm_names_register(ALGORITHMS)
        variant_parameters_register(SCHEMA)
