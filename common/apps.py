from importlib import import_module

from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "common"
    verbose_name = "API access"

    def ready(self) -> None:
        import_module("common.openapi")  # registers itself with the schema's generator
