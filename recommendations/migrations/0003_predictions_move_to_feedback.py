from django.db import migrations


class Migration(migrations.Migration):
    """Served lists are read by the experiments too, so their model moved down to `feedback`; the table stays."""

    dependencies = [("recommendations", "0002_prediction_propensities")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Prediction")]),
    ]
