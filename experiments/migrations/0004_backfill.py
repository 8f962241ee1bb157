from datetime import timedelta

from django.db import migrations
from django.db.models import F

EVERY_BUCKET = [[0, 1_000_000]]


def backfill(apps, schema_editor):
    """Experiments from before layers had one of their own each, and phases were moments."""
    layer = apps.get_model("experiments", "Layer").objects.create(
        key="ranking", name="Ranking", description="What ranks the events of a list.", salt="ranking"
    )
    Exposure = apps.get_model("experiments", "Exposure")
    Phase = apps.get_model("experiments", "Phase")
    for experiment in apps.get_model("experiments", "Experiment").objects.all():
        experiment.layer = layer
        if experiment.started_at is not None:
            experiment.layer_buckets = EVERY_BUCKET
            weights = {variant.key: variant.weight for variant in experiment.variants.all()}
            starts = sorted({experiment.started_at, experiment.phase_started_at or experiment.started_at})
            for number, started_at in enumerate(starts, 1):
                Phase.objects.create(
                    experiment=experiment, number=number, started_at=started_at, weights=weights, why="Started"
                )
                exposed = Exposure.objects.filter(experiment=experiment, first_at__gte=started_at)
                exposed.update(phase=number)
        experiment.save()
        window = timedelta(hours=experiment.attribution_hours)
        Exposure.objects.filter(experiment=experiment).update(window_ends_at=F("first_at") + window)


class Migration(migrations.Migration):
    dependencies = [("experiments", "0003_layers_phases_looks")]

    operations = [migrations.RunPython(backfill, migrations.RunPython.noop)]
