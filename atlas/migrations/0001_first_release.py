"""Lay the tables of the ground: access, approvals, audit, alerts, switches."""

import atlas.domain.alerts
import atlas.domain.states
import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('seen_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ShippedSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
                ('default_hash', models.CharField(max_length=64)),
                ('shipped_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='TradingState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('GLOBAL', 'Global'), ('CHAIN', 'Chain'), ('VAULT', 'Vault'), ('STRATEGY', 'Strategy'), ('MARKET', 'Market')], max_length=16)),
                ('key', models.CharField(help_text='What the scope names: empty for GLOBAL, else its identifier.', max_length=120)),
                ('state', models.CharField(choices=[('ACTIVE', 'Active'), ('REDUCING', 'Reducing'), ('HALTED', 'Halted')], max_length=16)),
                ('reason', models.CharField(max_length=500)),
                ('epoch', models.BigIntegerField(default=1, help_text='Raised by every change.')),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.CharField(max_length=150)),
            ],
            options={
                'ordering': ['scope', 'key'],
                'permissions': [('halt_trading', 'Can halt or reduce trading'), ('restore_trading', 'Can restore trading')],
                'constraints': [models.UniqueConstraint(fields=('scope', 'key'), name='trading_state_one_per_scope'), models.CheckConstraint(condition=models.Q(('scope__in', ['GLOBAL', 'CHAIN', 'VAULT', 'STRATEGY', 'MARKET'])), name='trading_state_scope_known'), models.CheckConstraint(condition=models.Q(('state__in', ['ACTIVE', 'REDUCING', 'HALTED'])), name='trading_state_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('key', ''), ('scope', 'GLOBAL')), models.Q(models.Q(('scope', 'GLOBAL'), _negated=True), models.Q(('key', ''), _negated=True)), _connector='OR'), name='trading_state_key_fits_scope')],
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(help_text='Which registered rule speaks.', max_length=60)),
                ('dedupe_key', models.CharField(help_text='What it speaks of.', max_length=200)),
                ('severity', models.CharField(choices=[('INFO', 'Info'), ('WARNING', 'Warning'), ('CRITICAL', 'Critical')], max_length=8)),
                ('title', models.CharField(max_length=200)),
                ('message', models.TextField(help_text='What happened and where, the last time.')),
                ('remedy', models.TextField(help_text='What to do about it.')),
                ('runbook', models.CharField(help_text='Section of the runbook.', max_length=80)),
                ('subject_type', models.CharField(blank=True, max_length=80)),
                ('subject_id', models.CharField(blank=True, max_length=120)),
                ('count', models.BigIntegerField(default=1)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('OPEN', 'Open'), ('ACKNOWLEDGED', 'Acknowledged'), ('RESOLVED', 'Resolved')], default=atlas.domain.alerts.AlertState['OPEN'], max_length=16)),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('acknowledged_by', models.CharField(blank=True, max_length=150)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('resolved_by', models.CharField(blank=True, max_length=150)),
                ('resolution', models.CharField(blank=True, help_text='Why it is over.', max_length=500)),
            ],
            options={
                'ordering': ['-pk'],
                'permissions': [('handle_alert', 'Can acknowledge and resolve alerts')],
                'indexes': [models.Index(fields=['state', '-last_seen_at'], name='alert_state'), models.Index(fields=['subject_type', 'subject_id'], name='alert_subject'), models.Index(condition=models.Q(('state', 'RESOLVED')), fields=['resolved_at'], name='alert_resolved')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['OPEN', 'ACKNOWLEDGED'])), fields=('rule', 'dedupe_key'), name='alert_one_unresolved_per_key'), models.CheckConstraint(condition=models.Q(('state__in', ['OPEN', 'ACKNOWLEDGED', 'RESOLVED'])), name='alert_state_known'), models.CheckConstraint(condition=models.Q(('severity__in', ['INFO', 'WARNING', 'CRITICAL'])), name='alert_severity_known'), models.CheckConstraint(condition=models.Q(('count__gt', 0)), name='alert_happened'), models.CheckConstraint(condition=models.Q(('last_seen_at__gte', models.F('first_seen_at'))), name='alert_seen_in_order'), models.CheckConstraint(condition=models.Q(models.Q(('acknowledged_at__isnull', True), ('acknowledged_by', '')), models.Q(('acknowledged_at__isnull', False), models.Q(('acknowledged_by', ''), _negated=True)), _connector='OR'), name='alert_acknowledged_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'ACKNOWLEDGED'), _negated=True), ('acknowledged_at__isnull', False), _connector='OR'), name='alert_acknowledged_has_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('resolved_at__isnull', False), ('state', 'RESOLVED')), models.Q(models.Q(('state', 'RESOLVED'), _negated=True), ('resolved_at__isnull', True)), _connector='OR'), name='alert_resolved_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='AlertNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='1 for the first time.')),
                ('occasion', models.CharField(choices=[('NEW', 'New'), ('GRAVER', 'Graver'), ('AGAIN', 'Again'), ('ESCALATED', 'Escalated'), ('OVER', 'Over')], max_length=16)),
                ('severity', models.CharField(choices=[('INFO', 'Info'), ('WARNING', 'Warning'), ('CRITICAL', 'Critical')], max_length=8)),
                ('count', models.BigIntegerField(help_text='How often it had happened by then.')),
                ('level', models.PositiveSmallIntegerField(default=0, help_text='How often it was escalated.')),
                ('title', models.CharField(max_length=250)),
                ('body', models.TextField()),
                ('waiting_since', models.DateTimeField(help_text='From when on its escalation counts.')),
                ('made_at', models.DateTimeField()),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='atlas.alert')),
                ('carried_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='carried', to='atlas.alertnotice')),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['made_at'], name='alert_notice_made')],
                'constraints': [models.UniqueConstraint(fields=('alert', 'number'), name='alert_notice_one_a_number'), models.CheckConstraint(condition=models.Q(('occasion__in', ['NEW', 'GRAVER', 'AGAIN', 'ESCALATED', 'OVER'])), name='alert_notice_occasion_known'), models.CheckConstraint(condition=models.Q(('severity__in', ['INFO', 'WARNING', 'CRITICAL'])), name='alert_notice_severity_known'), models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='alert_notice_counted'), models.CheckConstraint(condition=models.Q(('carried_by', models.F('pk')), _negated=True), name='alert_notice_carried_by_another')],
            },
        ),
        migrations.CreateModel(
            name='AlertDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(help_text='Name of the channel in the settings.', max_length=40)),
                ('state', models.CharField(choices=[('WAITING', 'Waiting'), ('SENDING', 'Sending'), ('SENT', 'Sent'), ('FAILED', 'Failed')], default=atlas.domain.alerts.DeliveryState['WAITING'], max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(help_text='When it is due; while it is sent: when it counts as lost.', null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, help_text='Why the last attempt failed.', max_length=500)),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='atlas.alertnotice')),
            ],
            options={
                'verbose_name_plural': 'alert deliveries',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='alert_delivery_due'), models.Index(fields=['channel', '-sent_at'], name='alert_delivery_channel')],
                'constraints': [models.UniqueConstraint(fields=('notice', 'channel'), name='alert_delivery_one_a_channel'), models.CheckConstraint(condition=models.Q(('state__in', ['WAITING', 'SENDING', 'SENT', 'FAILED'])), name='alert_delivery_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('next_attempt_at__isnull', False), ('state__in', ['WAITING', 'SENDING'])), models.Q(('next_attempt_at__isnull', True), ('state__in', ['SENT', 'FAILED'])), _connector='OR'), name='alert_delivery_due_until_it_ends'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'SENT')), models.Q(models.Q(('state', 'SENT'), _negated=True), ('sent_at__isnull', True)), _connector='OR'), name='alert_delivery_sent_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('prefix', models.CharField(editable=False, max_length=8, unique=True)),
                ('hashed_key', models.CharField(editable=False, max_length=150)),
                ('created', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('name', models.CharField(default=None, help_text='A free-form name for the API key. Need not be unique. 50 characters max.', max_length=50)),
                ('revoked', models.BooleanField(blank=True, default=False, help_text='If the API key is revoked, clients cannot use it anymore. (This cannot be undone.)')),
                ('expiry_date', models.DateTimeField(blank=True, help_text='Once API key expires, clients cannot use it anymore.', null=True, verbose_name='Expires')),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('catalogue:read', 'Catalogue:read'), ('trading:read', 'Trading:read')], max_length=40), default=list, help_text='What it reads beyond the public part.', size=None)),
                ('requests_per_minute', models.PositiveIntegerField()),
                ('issued_by', models.CharField(max_length=150)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_by', models.CharField(blank=True, max_length=150)),
                ('revocation_reason', models.CharField(blank=True, max_length=500)),
                ('last_used_at', models.DateTimeField(blank=True, help_text='To the minute: not each request is written down.', null=True)),
                ('last_used_address', models.GenericIPAddressField(blank=True, null=True)),
                ('owner', models.ForeignKey(help_text='Who answers for it; it opens nothing while this account is inactive.', on_delete=django.db.models.deletion.PROTECT, related_name='api_keys', to=settings.AUTH_USER_MODEL)),
                ('replaced_by', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='atlas.apikey')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ['-pk'],
                'permissions': [('manage_api_keys', 'Can issue, rotate and revoke API keys')],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='api_key_has_a_name'), models.CheckConstraint(condition=models.Q(('expiry_date__isnull', False)), name='api_key_ends_some_day'), models.CheckConstraint(condition=models.Q(('scopes__contained_by', ['catalogue:read', 'trading:read'])), name='api_key_scopes_known'), models.CheckConstraint(condition=models.Q(('requests_per_minute__gte', 1), ('requests_per_minute__lte', 6000)), name='api_key_rate_in_range'), models.CheckConstraint(condition=models.Q(models.Q(('revoked', False), ('revoked_at__isnull', True), ('revoked_by', '')), models.Q(('revoked', True), ('revoked_at__isnull', False), models.Q(('revoked_by', ''), _negated=True)), _connector='OR'), name='api_key_revoked_by_somebody'), models.CheckConstraint(condition=models.Q(('replaced_by', models.F('id')), _negated=True), name='api_key_not_its_own_successor')],
            },
        ),
        migrations.CreateModel(
            name='ApprovalRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(help_text='What is asked for, e.g. switch.restore', max_length=60)),
                ('subject_type', models.CharField(max_length=80)),
                ('subject_id', models.CharField(max_length=120)),
                ('change', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('before', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='What stood there when it was asked for.')),
                ('change_hash', models.CharField(max_length=66)),
                ('state', models.CharField(choices=[('PENDING', 'Pending'), ('APPROVED', 'Approved'), ('REJECTED', 'Rejected'), ('EXPIRED', 'Expired'), ('VOID', 'Void'), ('USED', 'Used')], default=atlas.domain.states.ApprovalState['PENDING'], max_length=16)),
                ('reason', models.CharField(max_length=500)),
                ('requested_at', models.DateTimeField()),
                ('requested_by_code', models.BooleanField(default=False, help_text='Whether the request came with a fresh one-time password.')),
                ('expires_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.CharField(blank=True, max_length=500)),
                ('decided_by_code', models.BooleanField(default=False)),
                ('used_at', models.DateTimeField(null=True)),
                ('void_reason', models.CharField(blank=True, max_length=500)),
                ('approver', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='approvals_decided', to=settings.AUTH_USER_MODEL)),
                ('requester', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals_requested', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-requested_at'],
                'permissions': [('decide_approval', "Can approve or reject another person's request"), ('request_live', 'Can ask that a deployment trades real money'), ('request_allow_list', 'Can ask for an addition to an allow-list'), ('request_signer', 'Can ask for another signer'), ('request_contracts', 'Can ask for other contracts to be believed'), ('request_adoption', "Can ask to adopt the chain's state")],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'VOID', 'USED'])), name='approval_state_known'), models.CheckConstraint(condition=models.Q(('approver__isnull', True), models.Q(('approver', models.F('requester')), _negated=True), _connector='OR'), name='approval_by_a_second_person'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['APPROVED', 'USED']), _negated=True), ('approver__isnull', False), _connector='OR'), name='approval_has_an_approver'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('requested_at'))), name='approval_expires_later'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'USED'), ('used_at__isnull', False)), models.Q(models.Q(('state', 'USED'), _negated=True), ('used_at__isnull', True)), _connector='OR'), name='approval_used_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='TradingStateChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.CharField(blank=True, max_length=16)),
                ('after', models.CharField(choices=[('ACTIVE', 'Active'), ('REDUCING', 'Reducing'), ('HALTED', 'Halted')], max_length=16)),
                ('reason', models.CharField(max_length=500)),
                ('actor', models.CharField(max_length=150)),
                ('epoch', models.BigIntegerField()),
                ('changed_at', models.DateTimeField()),
                ('actor_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('approval', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='switch_changes', to='atlas.approvalrequest')),
                ('trading_state', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='atlas.tradingstate')),
            ],
            options={
                'ordering': ['-changed_at', '-pk'],
                'constraints': [models.UniqueConstraint(fields=('trading_state', 'epoch'), name='trading_state_change_one_per_epoch'), models.CheckConstraint(condition=models.Q(('before', models.F('after')), _negated=True), name='trading_state_change_changes')],
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('occurred_at', models.DateTimeField(db_index=True)),
                ('actor', models.CharField(help_text='User name, or the name of the automation.', max_length=150)),
                ('address', models.GenericIPAddressField(null=True)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('action', models.CharField(help_text='noun.verb, for example switch.halt', max_length=80)),
                ('subject_type', models.CharField(max_length=80)),
                ('subject_id', models.CharField(max_length=120)),
                ('before', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
                ('after', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('actor_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_events', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['subject_type', 'subject_id'], name='audit_event_subject'), models.Index(fields=['action', '-occurred_at'], name='audit_event_action')],
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_count', models.PositiveIntegerField()),
                ('previous_hash', models.CharField(max_length=66)),
                ('seal_hash', models.CharField(max_length=66)),
                ('sealed_at', models.DateTimeField()),
                ('first_event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='atlas.auditevent')),
                ('last_event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='atlas.auditevent')),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(fields=('previous_hash',), name='audit_seal_is_a_chain'), models.UniqueConstraint(fields=('seal_hash',), name='audit_seal_hash_unique'), models.CheckConstraint(condition=models.Q(('event_count__gt', 0)), name='audit_seal_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='OneTimeDevice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('salt', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('last_step', models.BigIntegerField(default=0)),
                ('failures', models.PositiveIntegerField(default=0, help_text='Wrong codes since the last right.')),
                ('failed_at', models.DateTimeField(null=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='one_time_device', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('last_step__gte', 0)), name='one_time_device_step_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_hash', models.CharField(max_length=66)),
                ('used_at', models.DateTimeField(null=True)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recovery_codes', to='atlas.onetimedevice')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('device', 'code_hash'), name='recovery_code_unique')],
            },
        ),
        migrations.CreateModel(
            name='SessionEpoch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('epoch', models.PositiveIntegerField(default=0)),
                ('changed_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=200)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='session_epoch', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='SignerAttestation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attested_at', models.DateTimeField(db_index=True)),
                ('host', models.CharField(max_length=120)),
                ('process_id', models.PositiveIntegerField()),
                ('code_version', models.CharField(max_length=64)),
                ('holds_key', models.BooleanField()),
                ('address', models.CharField(blank=True, max_length=42)),
                ('live_trading', models.BooleanField()),
            ],
            options={
                'ordering': ['-attested_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('holds_key', True), ('address', ''), _connector='OR'), name='signer_attestation_address_needs_key')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signerattestation',
            trigger=pgtrigger.compiler.Trigger(name='signer_attestation_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='bab2e9b2bc7af79bc40533908ca0a2a11d895da3', operation='UPDATE OR DELETE', pgid='pgtrigger_signer_attestation_append_only_ba4f8', table='atlas_signerattestation', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alertnotice',
            trigger=pgtrigger.compiler.Trigger(name='alert_notice_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='ce667681f6f6d2263a2cd1c2b99fc76edcba1b78', operation='UPDATE OR DELETE', pgid='pgtrigger_alert_notice_append_only_82d66', table='atlas_alertnotice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='approvalrequest',
            trigger=pgtrigger.compiler.Trigger(name='approval_is_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='cc2bb0c67cd480c211b8c829086a043381131813', operation='DELETE', pgid='pgtrigger_approval_is_never_deleted_646a1', table='atlas_approvalrequest', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='approvalrequest',
            trigger=pgtrigger.compiler.Trigger(name='approval_keeps_its_change', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."before" IS DISTINCT FROM (NEW."before") OR OLD."change" IS DISTINCT FROM (NEW."change") OR OLD."change_hash" IS DISTINCT FROM (NEW."change_hash") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."requested_at" IS DISTINCT FROM (NEW."requested_at") OR OLD."requested_by_code" IS DISTINCT FROM (NEW."requested_by_code") OR OLD."requester_id" IS DISTINCT FROM (NEW."requester_id") OR OLD."subject_id" IS DISTINCT FROM (NEW."subject_id") OR OLD."subject_type" IS DISTINCT FROM (NEW."subject_type"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='68b0b2a11a2a9b9d26ef81abe5c419a30bfbe0e5', operation='UPDATE', pgid='pgtrigger_approval_keeps_its_change_047ce', table='atlas_approvalrequest', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='approvalrequest',
            trigger=pgtrigger.compiler.Trigger(name='approval_end_is_final', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IN (\'REJECTED\', \'EXPIRED\', \'VOID\', \'USED\'))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='042599a0d0512ab46b002f3d43ae1fb49c8931b6', operation='UPDATE', pgid='pgtrigger_approval_end_is_final_09fb5', table='atlas_approvalrequest', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditevent',
            trigger=pgtrigger.compiler.Trigger(name='audit_event_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='1f35f1eeeff892f5a271eb61b2284c89d58b94a0', operation='UPDATE OR DELETE', pgid='pgtrigger_audit_event_append_only_ebf33', table='atlas_auditevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditseal',
            trigger=pgtrigger.compiler.Trigger(name='audit_seal_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='8b09b9e440b426c26fa6ff054d1fe4a33d4718b4', operation='UPDATE OR DELETE', pgid='pgtrigger_audit_seal_append_only_cd7ce', table='atlas_auditseal', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tradingstatechange',
            trigger=pgtrigger.compiler.Trigger(name='trading_state_change_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='603bde75eeb7f95c8120e0badd2f56de43931862', operation='UPDATE OR DELETE', pgid='pgtrigger_trading_state_change_append_only_d102b', table='atlas_tradingstatechange', when='BEFORE')),
        ),
    ]
