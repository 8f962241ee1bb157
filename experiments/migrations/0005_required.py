import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("experiments", "0004_backfill")]

    operations = [
        migrations.RemoveField(model_name="experiment", name="phase_started_at"),
        migrations.AlterField(
            model_name="exposure",
            name="window_ends_at",
            field=models.DateTimeField(help_text="Conversions count until then."),
        ),
        migrations.AlterField(
            model_name="experiment",
            name="layer",
            field=models.ForeignKey(
                help_text="Experiments of one layer never share a person.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="experiments",
                to="experiments.layer",
            ),
        ),
    ]
