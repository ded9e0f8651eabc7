"""Counters of what limits are counted by, what orders hold of them, and high-water marks."""

import atlas.models.base
import django.db.models.deletion
import execution.vocabulary
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('execution', '0002_limits_at_three_levels'),
    ]

    operations = [
        migrations.AddField(
            model_name='guardraildecision',
            name='refusal',
            field=models.CharField(blank=True, default='', help_text='The rules that denied, as retries count.', max_length=200),
        ),
        migrations.CreateModel(
            name='LimitUsage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('DEPLOYMENT', 'Deployment'), ('VAULT', 'Vault'), ('GLOBAL', 'Global')], max_length=12)),
                ('key', models.CharField(help_text='Number of the deployment or vault; the mode.', max_length=40)),
                ('rank', models.PositiveSmallIntegerField(help_text='Place in the order of locking.')),
                ('hour_at', models.DateTimeField(help_text='Beginning of the hour that is counted.')),
                ('day_at', models.DateTimeField(help_text='Beginning of the day (UTC) that is counted.')),
                ('orders_in_hour', models.PositiveIntegerField(default=0)),
                ('cancels_in_hour', models.PositiveIntegerField(default=0)),
                ('orders_in_day', models.PositiveIntegerField(default=0)),
                ('turnover_usd', atlas.models.base.UsdField(decimal_places=18, default=0, help_text='Of the day, reserved or filled.', max_digits=38)),
                ('gas_usd', atlas.models.base.UsdField(decimal_places=18, default=0, help_text='Execution fees of the day, reserved or paid.', max_digits=38)),
            ],
            options={
                'verbose_name_plural': 'limit usage',
                'ordering': ['rank', 'key'],
                'constraints': [models.UniqueConstraint(fields=('scope', 'key'), name='limit_usage_one_per_scope'), models.CheckConstraint(condition=models.Q(('scope__in', ['DEPLOYMENT', 'VAULT', 'GLOBAL'])), name='limit_usage_scope_known'), models.CheckConstraint(condition=models.Q(('turnover_usd__gte', 0), ('gas_usd__gte', 0)), name='limit_usage_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='HighWater',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('share_value_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38)),
                ('last_value_usd', atlas.models.base.UsdField(decimal_places=18, help_text='The newest value that was looked at.', max_digits=38)),
                ('read_from_at', models.DateTimeField(help_text='Feed time.', null=True)),
                ('changed_at', models.DateTimeField(help_text='Wall time.')),
                ('changed_by', models.CharField(max_length=150)),
                ('deployment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='high_water', to='execution.deployment')),
            ],
            options={
                'verbose_name_plural': 'high-water marks',
                'ordering': ['deployment'],
                'constraints': [models.CheckConstraint(condition=models.Q(('share_value_usd__gt', 0)), name='high_water_above_zero')],
            },
        ),
        migrations.CreateModel(
            name='LimitReservation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('RESERVED', 'Reserved'), ('SETTLED', 'Settled'), ('RELEASED', 'Released')], default=execution.vocabulary.ReservationState['RESERVED'], max_length=12)),
                ('turnover_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38)),
                ('gas_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38)),
                ('day_at', models.DateTimeField(help_text='The day whose counters hold it.')),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='execution.order')),
                ('usage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='execution.limitusage')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'RESERVED')), fields=['usage'], name='limit_reservation_open')],
                'constraints': [models.UniqueConstraint(fields=('order', 'usage'), name='limit_reservation_one_per_scope'), models.CheckConstraint(condition=models.Q(('state__in', ['RESERVED', 'SETTLED', 'RELEASED'])), name='limit_reservation_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'RESERVED')), models.Q(models.Q(('state', 'RESERVED'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='limit_reservation_ended_when_it_ended')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='limitreservation',
            trigger=pgtrigger.compiler.Trigger(name='limit_reservation_lifecycle', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{RESERVED:SETTLED,RESERVED:RELEASED}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='a542fdd3cf528a8e4b697d7d997db9e98ee7f4b1', operation='UPDATE', pgid='pgtrigger_limit_reservation_lifecycle_ce279', table='execution_limitreservation', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='limitreservation',
            trigger=pgtrigger.compiler.Trigger(name='limit_reservation_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='59ad1c1ca3caa455d697bf73af6da8cef7272a1b', operation='DELETE', pgid='pgtrigger_limit_reservation_never_deleted_7c9e0', table='execution_limitreservation', when='BEFORE')),
        ),
    ]
