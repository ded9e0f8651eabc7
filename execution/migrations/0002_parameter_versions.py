"""Keep each change of a rule's parameters as a version of its own."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('atlas', '0001_first_release'),
        ('execution', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='ParameterVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('parameters', models.JSONField(help_text='Every parameter of the rule, written out whole.')),
                ('reason', models.CharField(max_length=500)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.CharField(max_length=150)),
                ('approval', models.ForeignKey(blank=True, help_text="The second person's word, where the deployment is LIVE.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='atlas.approvalrequest')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parameter_versions', to='execution.deployment')),
            ],
            options={
                'ordering': ['deployment', '-version'],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'version'), name='parameter_version_one_per_version'), models.CheckConstraint(condition=models.Q(('version__gte', 2)), name='parameter_version_2_on')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='parameterversion',
            trigger=pgtrigger.compiler.Trigger(name='parameter_version_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7fe10985ed09fdf47080c70218188d8879880138', operation='UPDATE OR DELETE', pgid='pgtrigger_parameter_version_append_only_e6b86', table='execution_parameterversion', when='BEFORE')),
        ),
    ]
