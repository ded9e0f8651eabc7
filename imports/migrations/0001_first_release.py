"""Lay the tables of imports: runs, staged records, changes, sources."""

import atlas.domain.states
import atlas.models.base
import django.core.serializers.json
import django.db.models.deletion
import imports.vocabulary
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ImportSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=60, unique=True)),
                ('kind', models.CharField(choices=[('file', 'File'), ('stdin', 'Stdin'), ('inbox', 'Inbox'), ('http', 'Http'), ('s3', 'S3')], max_length=8)),
                ('address', models.CharField(blank=True, help_text="An inbox's folder, https://host/path, s3://bucket/key or s3://bucket/folder/.", max_length=500)),
                ('credentials', models.CharField(blank=True, help_text='Name of an entry of ATLAS_IMPORT_CREDENTIALS.', max_length=60)),
                ('enabled', models.BooleanField(default=True)),
                ('cadence_seconds', models.PositiveIntegerField(blank=True, help_text='Seconds between two looks; empty: only when asked.', null=True)),
                ('expected_every_seconds', models.PositiveIntegerField(blank=True, help_text='Silence longer than this is an alert; empty: never.', null=True)),
                ('policy', models.CharField(choices=[('review', 'Review'), ('apply', 'Apply')], default=imports.vocabulary.SourcePolicy['REVIEW'], help_text='Whether what was fetched waits for a person or is applied at once.', max_length=8)),
                ('allow_partial', models.BooleanField(default=False, help_text='Apply the good records of a file that holds bad ones.')),
                ('wanted_format', models.CharField(default='auto', max_length=40)),
                ('largest_bytes', models.BigIntegerField(default=1073741824, help_text='A larger file is not fetched.')),
                ('jump_threshold_ratio', atlas.models.base.RatioField(decimal_places=18, default=Decimal('0.5'), help_text='A step of a series that is larger than this share is reported.', max_digits=30)),
                ('weight_tolerance_ratio', atlas.models.base.RatioField(decimal_places=18, default=Decimal('0.02'), help_text='Weights of a moment that miss 1 by more than this are reported.', max_digits=30)),
                ('claim_tolerance_ratio', atlas.models.base.RatioField(decimal_places=18, default=Decimal('0.02'), help_text='A claimed metric that differs from ours by more than this share is reported.', max_digits=30)),
                ('created_at', models.DateTimeField()),
                ('watched_since_at', models.DateTimeField(blank=True, help_text='Silence counts from here where nothing came since.', null=True)),
                ('looked_at', models.DateTimeField(blank=True, null=True)),
                ('look_failure', models.TextField(blank=True, help_text='Why the last look came to nothing.')),
                ('arrived_at', models.DateTimeField(blank=True, help_text='When it last brought a file that could be used.', null=True)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['file', 'stdin', 'inbox', 'http', 's3'])), name='import_source_kind_known'), models.CheckConstraint(condition=models.Q(('policy__in', ['review', 'apply'])), name='import_source_policy_known'), models.CheckConstraint(condition=models.Q(('jump_threshold_ratio__gt', 0)), name='import_source_threshold_positive', violation_error_code='jump_threshold_ratio', violation_error_message='The threshold of a jump must be more than 0.'), models.CheckConstraint(condition=models.Q(('weight_tolerance_ratio__gt', 0), ('weight_tolerance_ratio__lte', 1)), name='import_source_weights_by_a_share', violation_error_code='weight_tolerance_ratio', violation_error_message='A tolerance is more than 0 and at most 1.'), models.CheckConstraint(condition=models.Q(('claim_tolerance_ratio__gt', 0), ('claim_tolerance_ratio__lte', 1)), name='import_source_claims_by_a_share', violation_error_code='claim_tolerance_ratio', violation_error_message='A tolerance is more than 0 and at most 1.'), models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('kind__in', ['file', 'stdin'])), models.Q(models.Q(('kind__in', ['file', 'stdin']), _negated=True), models.Q(('address', ''), _negated=True)), _connector='OR'), name='import_source_address_where_we_look'), models.CheckConstraint(condition=models.Q(('cadence_seconds__isnull', True), ('cadence_seconds__gte', 10), _connector='OR'), name='import_source_cadence_not_hasty', violation_error_code='cadence_seconds', violation_error_message='Between two looks lie at least 10 seconds.'), models.CheckConstraint(condition=models.Q(('expected_every_seconds__isnull', True), ('expected_every_seconds__gte', 60), _connector='OR'), name='import_source_patience', violation_error_code='expected_every_seconds', violation_error_message='Silence is told of after 60 seconds at the earliest.'), models.CheckConstraint(condition=models.Q(('largest_bytes__gt', 0)), name='import_source_size_positive', violation_error_code='largest_bytes', violation_error_message='The largest file must have at least one byte.'), models.UniqueConstraint(condition=models.Q(('address', ''), _negated=True), fields=('kind', 'address'), name='import_source_one_per_address', violation_error_code='address', violation_error_message='Another source looks at this address already.')],
            },
        ),
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('RECEIVED', 'Received'), ('STAGED', 'Staged'), ('REVIEWED', 'Reviewed'), ('APPLIED', 'Applied'), ('APPLIED_PARTIAL', 'Applied partial'), ('REVERTED', 'Reverted'), ('REJECTED', 'Rejected'), ('FAILED', 'Failed')], default=atlas.domain.states.ImportState['RECEIVED'], max_length=16)),
                ('sha256', models.CharField(help_text='Of the bytes as they were received.', max_length=64)),
                ('size_bytes', models.BigIntegerField()),
                ('received_from', models.CharField(help_text='Name of the file as it was given.', max_length=500)),
                ('received_at', models.DateTimeField()),
                ('requested_by', models.CharField(max_length=150)),
                ('wanted_format', models.CharField(default='auto', max_length=40)),
                ('format', models.CharField(blank=True, help_text='Name, version and shape.', max_length=40)),
                ('mode', models.CharField(blank=True, max_length=10)),
                ('producer', models.CharField(blank=True, help_text='Who the file says made it.', max_length=120)),
                ('generated_at', models.DateTimeField(blank=True, null=True)),
                ('record_count', models.BigIntegerField(default=0)),
                ('rejected_count', models.BigIntegerField(default=0)),
                ('error_count', models.BigIntegerField(default=0)),
                ('warning_count', models.BigIntegerField(default=0)),
                ('changeset', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('changeset_hash', models.CharField(blank=True, max_length=64)),
                ('catalogue_mark', models.CharField(blank=True, help_text='What the catalogue looked like when it was reviewed.', max_length=64)),
                ('applied_mark', models.CharField(blank=True, help_text='What the catalogue looked like once it was applied.', max_length=64)),
                ('seconds', models.JSONField(default=dict, help_text='How long each phase took.')),
                ('failure', models.TextField(blank=True)),
                ('staged_at', models.DateTimeField(blank=True, null=True)),
                ('reviewed_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('pruned_at', models.DateTimeField(blank=True, help_text='When its staged records went; it can no longer be reverted.', null=True)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='imports.importsource')),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['source', 'sha256'], name='import_run_bytes'), models.Index(fields=['state', '-id'], name='import_run_state')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['RECEIVED', 'STAGED', 'REVIEWED'])), fields=('source', 'sha256'), name='import_run_one_open_per_bytes'), models.CheckConstraint(condition=models.Q(('state__in', ['RECEIVED', 'STAGED', 'REVIEWED', 'APPLIED', 'APPLIED_PARTIAL', 'REVERTED', 'REJECTED', 'FAILED'])), name='import_run_state_known'), models.CheckConstraint(condition=models.Q(('mode__in', ['', 'snapshot', 'delta'])), name='import_run_mode_known'), models.CheckConstraint(condition=models.Q(('size_bytes__gte', 0), ('record_count__gte', 0)), name='import_run_counts_not_negative'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['REVIEWED', 'APPLIED', 'APPLIED_PARTIAL']), _negated=True), models.Q(('changeset_hash', ''), _negated=True), _connector='OR'), name='import_run_reviewed_has_a_hash')],
            },
        ),
        migrations.CreateModel(
            name='FetchedObject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text="The address or the bucket's key.", max_length=1024)),
                ('etag', models.CharField(blank=True, max_length=200)),
                ('modified', models.CharField(blank=True, help_text='As the host wrote it.', max_length=60)),
                ('version', models.CharField(blank=True, help_text="The bucket's version id.", max_length=200)),
                ('size_bytes', models.BigIntegerField()),
                ('fetched_at', models.DateTimeField()),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fetched_objects', to='imports.importrun')),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='fetched_objects', to='imports.importsource')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('source', 'name'), name='fetched_object_one_per_name'), models.CheckConstraint(condition=models.Q(('size_bytes__gte', 0)), name='fetched_object_size_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='RecordChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('benchmark', 'Benchmark'), ('strategy', 'Strategy'), ('vault', 'Vault'), ('performance', 'Performance'), ('vault_performance', 'Vault performance'), ('benchmark_point', 'Benchmark point'), ('holding', 'Holding'), ('trade', 'Trade'), ('claim', 'Claim'), ('unknown', 'Unknown')], max_length=20)),
                ('action', models.CharField(choices=[('insert', 'Insert'), ('update', 'Update'), ('delete', 'Delete')], max_length=8)),
                ('owner', models.CharField(blank=True, max_length=120)),
                ('key', models.CharField(max_length=200)),
                ('ordinal', models.BigIntegerField(help_text='The staged record; none for a deletion.', null=True)),
                ('before', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='record_changes', to='imports.importrun')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['run', 'kind', 'action'], name='record_change_of_run')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['benchmark', 'strategy', 'vault', 'performance', 'vault_performance', 'benchmark_point', 'holding', 'trade', 'claim', 'unknown'])), name='record_change_kind_known'), models.CheckConstraint(condition=models.Q(('action__in', ['insert', 'update', 'delete'])), name='record_change_action_known'), models.CheckConstraint(condition=models.Q(('action', 'insert'), ('before__isnull', False), _connector='OR'), name='record_change_remembers_what_was'), models.CheckConstraint(condition=models.Q(('action', 'delete'), ('ordinal__isnull', False), _connector='OR'), name='record_change_names_its_record')],
            },
        ),
        migrations.CreateModel(
            name='StagedGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('benchmark', 'Benchmark'), ('strategy', 'Strategy'), ('vault', 'Vault'), ('performance', 'Performance'), ('vault_performance', 'Vault performance'), ('benchmark_point', 'Benchmark point'), ('holding', 'Holding'), ('trade', 'Trade'), ('claim', 'Claim'), ('unknown', 'Unknown')], max_length=20)),
                ('owner', models.CharField(blank=True, max_length=120)),
                ('good', models.BigIntegerField()),
                ('rejected', models.BigIntegerField()),
                ('digest', models.CharField(blank=True, help_text='Of the records as they are staged; empty where they need a look each time.', max_length=32)),
                ('row_count', models.BigIntegerField(default=0, help_text="Of the catalogue's rows of this kind and owner at the review.")),
                ('row_versions', models.CharField(blank=True, help_text='Which row versions these were.', max_length=32)),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='staged_groups', to='imports.importrun')),
                ('same_as', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='repeated_groups', to='imports.importrun')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('run', 'kind', 'owner'), name='staged_group_one_per_owner'), models.CheckConstraint(condition=models.Q(('kind__in', ['benchmark', 'strategy', 'vault', 'performance', 'vault_performance', 'benchmark_point', 'holding', 'trade', 'claim', 'unknown'])), name='staged_group_kind_known'), models.CheckConstraint(condition=models.Q(('good__gte', 0), ('rejected__gte', 0)), name='staged_group_counts_not_negative'), models.CheckConstraint(condition=models.Q(('same_as__isnull', True), models.Q(models.Q(('digest', ''), _negated=True), ('rejected', 0)), _connector='OR'), name='staged_group_repeats_only_what_was_clean')],
            },
        ),
        migrations.CreateModel(
            name='StagedRecord',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'ordinal', 'kind', blank=True, editable=False, primary_key=True, serialize=False)),
                ('ordinal', models.BigIntegerField(help_text='Its place in the file, from 1.')),
                ('kind', models.CharField(choices=[('benchmark', 'Benchmark'), ('strategy', 'Strategy'), ('vault', 'Vault'), ('performance', 'Performance'), ('vault_performance', 'Vault performance'), ('benchmark_point', 'Benchmark point'), ('holding', 'Holding'), ('trade', 'Trade'), ('claim', 'Claim'), ('unknown', 'Unknown')], max_length=20)),
                ('owner', models.CharField(help_text='Slug of the strategy or benchmark, or account of the vault.', max_length=120)),
                ('key', models.CharField(help_text="What tells it from the owner's others.", max_length=200)),
                ('content', models.JSONField(null=True)),
                ('byte_start', models.BigIntegerField()),
                ('byte_length', models.BigIntegerField()),
                ('is_rejected', models.BooleanField()),
                ('content_hash', models.GeneratedField(db_persist=True, expression=models.Func(models.F('content'), models.Value(0), function='jsonb_hash_extended'), output_field=models.BigIntegerField())),
                ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='staged_records', to='imports.importrun')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['benchmark', 'strategy', 'vault', 'performance', 'vault_performance', 'benchmark_point', 'holding', 'trade', 'claim', 'unknown'])), name='staged_record_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='ImportIssue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('severity', models.CharField(choices=[('error', 'Error'), ('warning', 'Warning')], max_length=8)),
                ('code', models.CharField(max_length=40)),
                ('message', models.TextField()),
                ('path', models.CharField(blank=True, help_text='Where it stands in the file.', max_length=200)),
                ('kind', models.CharField(blank=True, max_length=20)),
                ('owner', models.CharField(blank=True, max_length=120)),
                ('key', models.CharField(blank=True, max_length=200)),
                ('field', models.CharField(blank=True, max_length=200)),
                ('value', models.CharField(blank=True, help_text='What was found there.', max_length=200)),
                ('byte_start', models.BigIntegerField(blank=True, null=True)),
                ('byte_length', models.BigIntegerField(blank=True, null=True)),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='issues', to='imports.importrun')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['run', 'severity', 'id'], name='import_issue_of_run')],
                'constraints': [models.CheckConstraint(condition=models.Q(('severity__in', ['error', 'warning'])), name='import_issue_severity_known')],
            },
        ),
        migrations.CreateModel(
            name='ContentDigest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('benchmark', 'Benchmark'), ('strategy', 'Strategy'), ('vault', 'Vault'), ('performance', 'Performance'), ('vault_performance', 'Vault performance'), ('benchmark_point', 'Benchmark point'), ('holding', 'Holding'), ('trade', 'Trade'), ('claim', 'Claim'), ('unknown', 'Unknown')], max_length=20)),
                ('owner', models.CharField(max_length=120)),
                ('digest', models.CharField(help_text='Of the records.', max_length=32)),
                ('records', models.BigIntegerField()),
                ('row_count', models.BigIntegerField(help_text='More than the records where a delta added some.')),
                ('row_versions', models.CharField(max_length=32)),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='content_digests', to='imports.importrun')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'owner'), name='content_digest_one_per_owner'), models.CheckConstraint(condition=models.Q(('kind__in', ['benchmark', 'strategy', 'vault', 'performance', 'vault_performance', 'benchmark_point', 'holding', 'trade', 'claim', 'unknown'])), name='content_digest_kind_known'), models.CheckConstraint(condition=models.Q(('records__gt', 0), ('row_count__gte', models.F('records'))), name='content_digest_counts_agree')],
            },
        ),
        migrations.CreateModel(
            name='ChangeGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('benchmark', 'Benchmark'), ('strategy', 'Strategy'), ('vault', 'Vault'), ('performance', 'Performance'), ('vault_performance', 'Vault performance'), ('benchmark_point', 'Benchmark point'), ('holding', 'Holding'), ('trade', 'Trade'), ('claim', 'Claim'), ('unknown', 'Unknown')], max_length=20)),
                ('owner', models.CharField(blank=True, max_length=120)),
                ('inserted', models.BigIntegerField()),
                ('updated', models.BigIntegerField()),
                ('unchanged', models.BigIntegerField()),
                ('deleted', models.BigIntegerField()),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='change_groups', to='imports.importrun')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('run', 'kind', 'owner'), name='change_group_one_per_owner'), models.CheckConstraint(condition=models.Q(('kind__in', ['benchmark', 'strategy', 'vault', 'performance', 'vault_performance', 'benchmark_point', 'holding', 'trade', 'claim', 'unknown'])), name='change_group_kind_known')],
            },
        ),
    ]
