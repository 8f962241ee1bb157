import hashlib
import secrets

from django.db import models
from django.utils import timezone


class Scope(models.TextChoices):
    RECOMMEND = "recommend", "Ask for recommendations, keep taste profiles"
    FEEDBACK = "feedback", "Record feedback, export and erase a person"
    CATALOGUE = "catalogue", "Keep the catalogue current"
    TRAIN = "train", "Start a training run"
    READ = "read", "Read models and experiments"


class ApiKey(models.Model):
    """A service's credential. Only its SHA-256 is stored; the key itself is shown once, when issued."""

    name = models.CharField(max_length=100, unique=True)
    prefix = models.CharField(max_length=12, editable=False)
    digest_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def generate() -> str:
        return f"craic_{secrets.token_urlsafe(32)}"

    @staticmethod
    def digest(key: str) -> str:
        """Hex SHA-256. A key has 256 random bits, so a slow hash would add nothing."""
        return hashlib.sha256(key.encode()).hexdigest()
