"""Lay the tables of the catalogue: strategies, their series, trades and benchmarks."""

import atlas.models.base
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Benchmark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=120)),
            ],
            options={
                'ordering': ['slug'],
            },
        ),
        migrations.CreateModel(
            name='CatalogueVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40, unique=True)),
                ('version', models.BigIntegerField(default=1)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('version__gt', 0)), name='catalogue_version_positive')],
            },
        ),
        migrations.CreateModel(
            name='Strategy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=160)),
                ('description', models.TextField(blank=True)),
                ('category', models.CharField(choices=[('trend', 'Trend'), ('mean_reversion', 'Mean reversion'), ('breakout', 'Breakout'), ('momentum', 'Momentum'), ('carry', 'Carry'), ('market_neutral', 'Market neutral'), ('basket', 'Basket'), ('buy_and_hold', 'Buy and hold'), ('other', 'Other')], max_length=24)),
                ('assets', models.JSONField(default=list, help_text='Symbols of the assets it trades.')),
                ('timeframe', models.CharField(help_text='Bar length that it decides on: 1h, 1d.', max_length=8)),
                ('status', models.CharField(choices=[('preview', 'Preview'), ('deployable', 'Deployable'), ('deployed', 'Deployed'), ('paused', 'Paused'), ('delisted', 'Delisted')], max_length=16)),
                ('risk_level', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High'), ('very_high', 'Very high')], max_length=12)),
                ('inception_on', models.DateField(blank=True, null=True)),
                ('rule', models.CharField(blank=True, help_text='Name of the trading rule; empty: not tradable here.', max_length=60)),
                ('parameters', models.JSONField(blank=True, default=dict)),
                ('tags', models.JSONField(blank=True, default=list)),
                ('featured', models.BooleanField(default=False)),
                ('curated', models.BooleanField(default=False)),
                ('public', models.BooleanField(default=True, help_text='Readable without an account.')),
                ('discovered_at', models.DateTimeField(blank=True, null=True)),
                ('source_code', models.TextField(blank=True, help_text='For reading only; never executed.')),
                ('source_hash', models.CharField(blank=True, max_length=66)),
                ('data_version', models.BigIntegerField(default=1, help_text='Raised whenever anything published about it changes.')),
                ('history_from_version', models.BigIntegerField(db_default=1, default=1, help_text='The oldest data version of which the series can still be told.')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('benchmark', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='strategies', to='strategies.benchmark')),
            ],
            options={
                'verbose_name_plural': 'strategies',
                'ordering': ['name', 'pk'],
                'indexes': [models.Index(fields=['status', 'category'], name='strategy_status_category'), models.Index(models.OrderBy(models.F('discovered_at'), descending=True, nulls_last=True), models.OrderBy(models.F('id'), descending=True), name='strategy_latest'), models.Index(fields=['name', 'id'], name='strategy_by_name'), django.contrib.postgres.indexes.GinIndex(fields=['assets'], name='strategy_by_asset', opclasses=['jsonb_path_ops']), django.contrib.postgres.indexes.GinIndex(fields=['tags'], name='strategy_by_tag', opclasses=['jsonb_path_ops'])],
                'constraints': [models.CheckConstraint(condition=models.Q(('category__in', ['trend', 'mean_reversion', 'breakout', 'momentum', 'carry', 'market_neutral', 'basket', 'buy_and_hold', 'other'])), name='strategy_category_known'), models.CheckConstraint(condition=models.Q(('status__in', ['preview', 'deployable', 'deployed', 'paused', 'delisted'])), name='strategy_status_known'), models.CheckConstraint(condition=models.Q(('risk_level__in', ['low', 'medium', 'high', 'very_high'])), name='strategy_risk_level_known'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='strategy_has_a_name'), models.CheckConstraint(condition=models.Q(('data_version__gt', 0)), name='strategy_data_version_positive')],
            },
        ),
        migrations.CreateModel(
            name='SeriesRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('backtest', 'Backtest'), ('paper', 'Paper'), ('live', 'Live')], max_length=10)),
                ('version_before', models.BigIntegerField()),
                ('version_after', models.BigIntegerField()),
                ('last_at_before', models.DateTimeField(null=True)),
                ('first_changed_at', models.DateTimeField(null=True)),
                ('revised_count', models.PositiveIntegerField(help_text='Points that got another value.')),
                ('withdrawn_count', models.PositiveIntegerField(help_text='Points that were taken away.')),
                ('inserted_count', models.PositiveIntegerField(help_text='Points that appeared before the end of the published history.')),
                ('reference', models.CharField(help_text='What made the change.', max_length=120)),
                ('noted_at', models.DateTimeField()),
                ('strategy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='strategies.strategy')),
            ],
            options={
                'ordering': ['-version_after', 'source'],
                'constraints': [models.UniqueConstraint(fields=('strategy', 'source', 'version_after'), name='series_revision_one_per_version'), models.CheckConstraint(condition=models.Q(('source__in', ['backtest', 'paper', 'live'])), name='series_revision_source_known'), models.CheckConstraint(condition=models.Q(('version_after__gt', models.F('version_before'))), name='series_revision_raises_the_version')],
            },
        ),
        migrations.CreateModel(
            name='ReportClaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('backtest', 'Backtest'), ('paper', 'Paper'), ('live', 'Live')], max_length=10)),
                ('metric', models.CharField(max_length=60)),
                ('value', models.FloatField(null=True)),
                ('text', models.CharField(blank=True, help_text='Where the claim is no number.', max_length=120)),
                ('claimed_at', models.DateTimeField()),
                ('strategy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='strategies.strategy')),
            ],
            options={
                'ordering': ['metric'],
                'constraints': [models.UniqueConstraint(fields=('strategy', 'source', 'metric'), name='report_claim_one_per_metric'), models.CheckConstraint(condition=models.Q(('source__in', ['backtest', 'paper', 'live'])), name='report_claim_source_known')],
            },
        ),
        migrations.CreateModel(
            name='PerformancePoint',
            fields=[
                ('pk', models.CompositePrimaryKey('strategy_id', 'source', 'as_of_at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(choices=[('backtest', 'Backtest'), ('paper', 'Paper'), ('live', 'Live')], max_length=10)),
                ('as_of_at', models.DateTimeField()),
                ('nav_per_share_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38)),
                ('aum_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True)),
                ('strategy', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='performance_points', to='strategies.strategy')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('source__in', ['backtest', 'paper', 'live'])), name='performance_point_source_known'), models.CheckConstraint(condition=models.Q(('nav_per_share_usd__gt', 0)), name='performance_point_nav_positive'), models.CheckConstraint(condition=models.Q(('aum_usd__isnull', True), ('aum_usd__gte', 0), _connector='OR'), name='performance_point_aum_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='MetricsSnapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('backtest', 'Backtest'), ('paper', 'Paper'), ('live', 'Live')], max_length=10)),
                ('window', models.CharField(choices=[('30d', '30d'), ('90d', '90d'), ('1y', '1y'), ('all', 'All')], max_length=8)),
                ('is_headline', models.BooleanField(db_default=False, default=False, help_text='Whether it is the best evidence there is.')),
                ('total_return_ratio', models.FloatField(null=True)),
                ('cagr_ratio', models.FloatField(null=True)),
                ('volatility_ratio', models.FloatField(null=True)),
                ('downside_deviation_ratio', models.FloatField(null=True)),
                ('sharpe', models.FloatField(null=True)),
                ('sortino', models.FloatField(null=True)),
                ('calmar', models.FloatField(null=True)),
                ('max_drawdown_ratio', models.FloatField(null=True)),
                ('current_drawdown_ratio', models.FloatField(null=True)),
                ('value_at_risk_95_ratio', models.FloatField(null=True)),
                ('cvar_95_ratio', models.FloatField(null=True)),
                ('win_rate_days_nonzero_ratio', models.FloatField(null=True)),
                ('reasons', models.JSONField(db_default={}, default=dict, help_text='Why a metric has no value, by its id.')),
                ('short_history', models.BooleanField(db_default=True, default=True, help_text='Fewer than 90 days or 30 observations.')),
                ('window_from_on', models.DateField(help_text='First day of what was asked for.', null=True)),
                ('window_to_on', models.DateField(null=True)),
                ('observations', models.PositiveIntegerField(help_text='Days with a NAV of their own.')),
                ('samples', models.PositiveIntegerField(db_default=0, default=0, help_text='Daily returns that went in.')),
                ('filled_days', models.PositiveIntegerField(db_default=0, default=0, help_text='NAV carried forward.')),
                ('missing_days', models.PositiveIntegerField(db_default=0, default=0, help_text='Days in the gaps.')),
                ('gaps', models.PositiveIntegerField(db_default=0, default=0, help_text='Longer than may be filled.')),
                ('first_at', models.DateTimeField(null=True)),
                ('last_at', models.DateTimeField(null=True)),
                ('track_days', models.PositiveIntegerField(db_default=0, default=0, help_text='From the first to the last day of the whole series.')),
                ('last_aum_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True)),
                ('sparkline_json', models.TextField(db_default='[]', default='[]', help_text="At most 60 growth factors since the window's opening, as JSON.")),
                ('definitions', models.PositiveIntegerField(db_default=0, default=0, help_text='Edition of the definitions that it was computed by.')),
                ('data_version', models.BigIntegerField()),
                ('strategy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='metrics_snapshots', to='strategies.strategy')),
            ],
            options={
                'ordering': ['strategy', 'source', 'window'],
                'indexes': [models.Index(models.F('window'), models.OrderBy(models.F('total_return_ratio'), descending=True, nulls_last=True), condition=models.Q(('is_headline', True)), name='headline_by_return'), models.Index(models.F('window'), models.OrderBy(models.F('sharpe'), descending=True, nulls_last=True), condition=models.Q(('is_headline', True)), name='headline_by_sharpe'), models.Index(models.F('window'), models.OrderBy(models.F('max_drawdown_ratio'), descending=True, nulls_last=True), condition=models.Q(('is_headline', True)), name='headline_by_drawdown'), models.Index(models.F('window'), models.OrderBy(models.F('win_rate_days_nonzero_ratio'), descending=True, nulls_last=True), condition=models.Q(('is_headline', True)), name='headline_by_win_rate'), models.Index(models.F('window'), models.OrderBy(models.F('last_aum_usd'), descending=True, nulls_last=True), condition=models.Q(('is_headline', True)), name='headline_by_aum')],
                'constraints': [models.UniqueConstraint(fields=('strategy', 'source', 'window'), name='metrics_snapshot_one_per_window'), models.UniqueConstraint(condition=models.Q(('is_headline', True)), fields=('strategy', 'window'), name='metrics_snapshot_one_headline'), models.CheckConstraint(condition=models.Q(('source__in', ['backtest', 'paper', 'live'])), name='metrics_snapshot_source_known'), models.CheckConstraint(condition=models.Q(('window__in', ['30d', '90d', '1y', 'all'])), name='metrics_snapshot_window_known')],
            },
        ),
        migrations.CreateModel(
            name='ImportedTrade',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(help_text="The producer's own identifier.", max_length=120)),
                ('market', models.CharField(max_length=40)),
                ('side', models.CharField(choices=[('long', 'Long'), ('short', 'Short')], max_length=8)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('entry_price_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38)),
                ('exit_price_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True)),
                ('size_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38)),
                ('pnl_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True)),
                ('pnl_ratio', atlas.models.base.RatioField(decimal_places=18, max_digits=30, null=True)),
                ('funding_usd', atlas.models.base.UsdField(decimal_places=18, default=0, max_digits=38)),
                ('borrowing_usd', atlas.models.base.UsdField(decimal_places=18, default=0, max_digits=38)),
                ('position_fee_usd', atlas.models.base.UsdField(decimal_places=18, default=0, max_digits=38)),
                ('execution_fee_usd', atlas.models.base.UsdField(decimal_places=18, default=0, max_digits=38)),
                ('result', models.CharField(choices=[('win', 'Win'), ('loss', 'Loss'), ('flat', 'Flat'), ('open', 'Open')], max_length=8)),
                ('strategy', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='imported_trades', to='strategies.strategy')),
            ],
            options={
                'ordering': ['-opened_at', '-pk'],
                'indexes': [models.Index(fields=['strategy', '-opened_at', '-id'], name='imported_trade_latest')],
                'constraints': [models.UniqueConstraint(fields=('strategy', 'external_id'), name='imported_trade_one_per_external_id'), models.CheckConstraint(condition=models.Q(('side__in', ['long', 'short'])), name='imported_trade_side_known'), models.CheckConstraint(condition=models.Q(('result__in', ['win', 'loss', 'flat', 'open'])), name='imported_trade_result_known'), models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), ('closed_at__gte', models.F('opened_at')), _connector='OR'), name='imported_trade_closes_after_opening'), models.CheckConstraint(condition=models.Q(('entry_price_usd__gt', 0), ('size_usd__gt', 0)), name='imported_trade_price_and_size_positive')],
            },
        ),
        migrations.CreateModel(
            name='Holding',
            fields=[
                ('pk', models.CompositePrimaryKey('strategy_id', 'as_of_at', 'asset', blank=True, editable=False, primary_key=True, serialize=False)),
                ('as_of_at', models.DateTimeField()),
                ('asset', models.CharField(max_length=40)),
                ('quantity', models.DecimalField(decimal_places=18, max_digits=38)),
                ('weight_ratio', atlas.models.base.RatioField(decimal_places=18, help_text="Share of the strategy's value; short positions below 0.", max_digits=30)),
                ('value_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38)),
                ('strategy', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='holdings', to='strategies.strategy')),
            ],
        ),
        migrations.CreateModel(
            name='SupersededPoint',
            fields=[
                ('pk', models.CompositePrimaryKey('revision_id', 'as_of_at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('as_of_at', models.DateTimeField()),
                ('nav_per_share_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True)),
                ('aum_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True)),
                ('revision', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_points', to='strategies.seriesrevision')),
            ],
        ),
        migrations.CreateModel(
            name='VaultPerformancePoint',
            fields=[
                ('pk', models.CompositePrimaryKey('vault', 'source', 'as_of_at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('vault', models.CharField(max_length=80)),
                ('source', models.CharField(choices=[('backtest', 'Backtest'), ('paper', 'Paper'), ('live', 'Live')], max_length=10)),
                ('as_of_at', models.DateTimeField()),
                ('nav_per_share_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38)),
                ('aum_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38, null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('source__in', ['backtest', 'paper', 'live'])), name='vault_performance_point_source_known'), models.CheckConstraint(condition=models.Q(('nav_per_share_usd__gt', 0)), name='vault_performance_point_nav_positive'), models.CheckConstraint(condition=models.Q(('aum_usd__isnull', True), ('aum_usd__gte', 0), _connector='OR'), name='vault_performance_point_aum_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='BenchmarkPoint',
            fields=[
                ('pk', models.CompositePrimaryKey('benchmark_id', 'as_of_at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('as_of_at', models.DateTimeField()),
                ('price_usd', atlas.models.base.UsdField(decimal_places=18, max_digits=38)),
                ('benchmark', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='points', to='strategies.benchmark')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('price_usd__gt', 0)), name='benchmark_point_price_positive')],
            },
        ),
    ]
