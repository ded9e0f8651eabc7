"""Let market contexts be among what cycles looked at.

The constraints come back unproved, which takes a moment, and are proved while others read and write.
"""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('execution', '0006_stop_cycles'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='cycleinput',
            name='cycle_input_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='cycleinputuse',
            name='cycle_input_use_kind_known',
        ),
        migrations.AlterField(
            model_name='cycleinput',
            name='kind',
            field=models.CharField(choices=[('candles', 'Candles'), ('snapshot', 'Snapshot'), ('parameters', 'Parameters'), ('limits', 'Limits'), ('terms', 'Terms'), ('code', 'Code'), ('levels', 'Levels'), ('context', 'Context')], max_length=12),
        ),
        migrations.AlterField(
            model_name='cycleinputuse',
            name='kind',
            field=models.CharField(choices=[('candles', 'Candles'), ('snapshot', 'Snapshot'), ('parameters', 'Parameters'), ('limits', 'Limits'), ('terms', 'Terms'), ('code', 'Code'), ('levels', 'Levels'), ('context', 'Context')], max_length=12),
        ),
        AddConstraintNotValid(
            model_name='cycleinput',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['candles', 'snapshot', 'parameters', 'limits', 'terms', 'code', 'levels', 'context'])), name='cycle_input_kind_known'),
        ),
        AddConstraintNotValid(
            model_name='cycleinputuse',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['candles', 'snapshot', 'parameters', 'limits', 'terms', 'code', 'levels', 'context'])), name='cycle_input_use_kind_known'),
        ),
        ValidateConstraint("cycleinput", "cycle_input_kind_known"),
        ValidateConstraint("cycleinputuse", "cycle_input_use_kind_known"),
    ]
