from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "craic_ml"

    def ready(self) -> None:
        from craic_ml import checks  # noqa: F401  registers the system checks
