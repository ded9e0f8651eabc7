"""Limits get every field of the guardrails, and the levels of a vault and of the house.

Rows that were written before get the defaults of paper trading, so that what trades goes on as it
did; from here on a deployment states each limit itself.
"""

import atlas.models.base
import django.db.models.deletion
from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('atlas', '0004_api_keys'),
        ('execution', '0001_initial'),
        ('onchain', '0001_initial'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='guardraillimits',
            options={'ordering': ['deployment', '-version'], 'permissions': [('change_limits', 'Can write new versions of limits')], 'verbose_name_plural': 'guardrail limits'},
        ),
        migrations.AddField(
            model_name='guardraildecision',
            name='global_limits',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='execution.guardraillimits'),
        ),
        migrations.AddField(
            model_name='guardraildecision',
            name='vault_limits',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='execution.guardraillimits'),
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='allowed_sides',
            field=models.JSONField(null=True, default=["LONG", "SHORT"]),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='approval',
            field=models.ForeignKey(blank=True, help_text="The second person's word, where the change loosened what binds a live deployment.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='atlas.approvalrequest'),
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='cooldown_after_loss_seconds',
            field=models.PositiveIntegerField(null=True, default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_acceptable_distance_bps',
            field=models.PositiveSmallIntegerField(null=True, default=30),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_attempts_per_trade',
            field=models.PositiveIntegerField(null=True, default=3),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_cancels_per_hour',
            field=models.PositiveIntegerField(null=True, default=60),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_consecutive_failures',
            field=models.PositiveIntegerField(null=True, default=5),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_daily_loss_ratio',
            field=atlas.models.base.RatioField(decimal_places=18, max_digits=30, null=True, default=Decimal("0.25")),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_drawdown_ratio',
            field=atlas.models.base.RatioField(decimal_places=18, max_digits=30, null=True, default=Decimal("0.5")),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_gas_per_day_usd',
            field=atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True, default=Decimal(1_000)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_gross_exposure_usd',
            field=atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True, default=Decimal(1_000_000)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_net_exposure_usd',
            field=atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True, default=Decimal(1_000_000)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_orders_per_day',
            field=models.PositiveIntegerField(null=True, default=1_000),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_orders_per_hour',
            field=models.PositiveIntegerField(null=True, default=120),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_price_impact_bps',
            field=models.PositiveSmallIntegerField(null=True, default=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_slippage_bps',
            field=models.PositiveSmallIntegerField(null=True, default=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_source_deviation_bps',
            field=models.PositiveSmallIntegerField(null=True, default=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='max_turnover_per_day_usd',
            field=atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True, default=Decimal(10_000_000)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='min_free_collateral_usd',
            field=atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True, default=Decimal(0)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='min_order_usd',
            field=atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True, default=Decimal(1)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='min_weth_buffer_usd',
            field=atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True, default=Decimal(0)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='min_withdrawal_buffer_ratio',
            field=atlas.models.base.RatioField(decimal_places=18, max_digits=30, null=True, default=Decimal(0)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='required_price_sources',
            field=models.PositiveSmallIntegerField(null=True, default=1),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='scope',
            field=models.CharField(choices=[('DEPLOYMENT', 'Deployment'), ('VAULT', 'Vault'), ('GLOBAL', 'Global')], default='DEPLOYMENT', max_length=12),
        ),
        migrations.AddField(
            model_name='guardraillimits',
            name='vault',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='limits_versions', to='onchain.vault'),
        ),
        migrations.AlterField(
            model_name='guardraillimits',
            name='allowed_markets',
            field=models.JSONField(null=True),
        ),
        migrations.AlterField(
            model_name='guardraillimits',
            name='deployment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='limits_versions', to='execution.deployment'),
        ),
        migrations.AlterField(
            model_name='guardraillimits',
            name='max_leverage_ratio',
            field=atlas.models.base.RatioField(decimal_places=18, max_digits=30, null=True),
        ),
        migrations.AlterField(
            model_name='guardraillimits',
            name='max_order_notional_usd',
            field=atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True),
        ),
        migrations.AlterField(
            model_name='guardraillimits',
            name='max_position_notional_usd',
            field=atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True),
        ),
        migrations.AlterField(
            model_name='guardraillimits',
            name='max_price_age_seconds',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='guardraillimits',
            name='max_signal_age_seconds',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name='guardraillimits',
            constraint=models.CheckConstraint(condition=models.Q(('scope__in', ['DEPLOYMENT', 'VAULT', 'GLOBAL'])), name='guardrail_limits_scope_known'),
        ),
        migrations.AddConstraint(
            model_name='guardraillimits',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deployment__isnull', False), ('scope', 'DEPLOYMENT'), ('vault__isnull', True)), models.Q(('deployment__isnull', True), ('scope', 'VAULT'), ('vault__isnull', False)), models.Q(('deployment__isnull', True), ('scope', 'GLOBAL'), ('vault__isnull', True)), _connector='OR'), name='guardrail_limits_belong_to_their_scope'),
        ),
        migrations.AddConstraint(
            model_name='guardraillimits',
            constraint=models.UniqueConstraint(fields=('vault', 'version'), name='guardrail_limits_one_per_vault_version'),
        ),
        migrations.AddConstraint(
            model_name='guardraillimits',
            constraint=models.UniqueConstraint(condition=models.Q(('scope', 'GLOBAL')), fields=('version',), name='guardrail_limits_one_per_global_version'),
        ),
        migrations.AddConstraint(
            model_name='guardraillimits',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('scope', 'DEPLOYMENT'), _negated=True), models.Q(('allowed_markets__isnull', False), ('max_leverage_ratio__isnull', False), ('max_order_notional_usd__isnull', False), ('max_position_notional_usd__isnull', False)), _connector='OR'), name='guardrail_limits_deployment_states_its_risk'),
        ),
    ]
