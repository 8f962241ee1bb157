from django.db import migrations

COLUMNS = (
    "recommendation_id, user_id, served_at, model_version, algorithm, fallback_reason, experiment, variant, "
    "surface, latency_ms, items"
)


class Migration(migrations.Migration):
    """Served lists are read by the experiments too, so their log moved down to `feedback`, rows and all."""

    dependencies = [
        ("recommendations", "0002_prediction_propensities"),
        ("feedback", "0002_prediction"),
    ]

    operations = [
        migrations.RunSQL(
            f"INSERT INTO feedback_prediction ({COLUMNS}) SELECT {COLUMNS} FROM recommendations_prediction",
            migrations.RunSQL.noop,
        ),
        migrations.DeleteModel("Prediction"),
    ]
