"""Writing limits is adding a version, so that the right to add one is all it takes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("execution", "0007_cycle_contexts")]

    operations = [
        migrations.AlterModelOptions(
            name="guardraillimits",
            options={
                "ordering": ["deployment", "-version"],
                "verbose_name_plural": "guardrail limits",
            },
        ),
    ]
