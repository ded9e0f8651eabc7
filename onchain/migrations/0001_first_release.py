"""Lay the tables of the chain: contracts, nodes, transactions and permits."""

import atlas.domain.states
import django.db.models.deletion
import onchain.vocabulary
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('strategies', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='Chain',
            fields=[
                ('chain_id', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60, unique=True)),
                ('is_local', models.BooleanField(default=False, help_text='A development chain: demo keys are allowed there only.')),
            ],
            options={
                'ordering': ['chain_id'],
            },
        ),
        migrations.CreateModel(
            name='Vault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(help_text='Lower-case hexadecimal with 0x.', max_length=42)),
                ('name', models.CharField(max_length=160)),
                ('status', models.CharField(choices=[('watched', 'Watched'), ('ready', 'Ready'), ('trading', 'Trading'), ('retired', 'Retired')], default=onchain.vocabulary.VaultStatus['WATCHED'], max_length=12)),
                ('inception_on', models.DateField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('chain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='vaults', to='onchain.chain')),
                ('strategy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='vaults', to='strategies.strategy')),
            ],
            options={
                'ordering': ['chain', 'address'],
                'constraints': [models.UniqueConstraint(fields=('chain', 'address'), name='vault_one_per_address'), models.CheckConstraint(condition=models.Q(('address__regex', '^0x[0-9a-f]{40}$')), name='vault_address_lower_hex'), models.CheckConstraint(condition=models.Q(('status__in', ['watched', 'ready', 'trading', 'retired'])), name='vault_status_known')],
            },
        ),
        migrations.CreateModel(
            name='ContractSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('generation', models.CharField(max_length=20)),
                ('version', models.PositiveIntegerField()),
                ('layout', models.CharField(choices=[('v2.2b', 'V2.2b'), ('v2.2c', 'V2.2c')], max_length=8)),
                ('state', models.CharField(choices=[('WAITING', 'Waiting'), ('IN_USE', 'In use'), ('RETIRED', 'Retired'), ('REFUSED', 'Refused')], max_length=8)),
                ('content_hash', models.CharField(help_text='Of chain, layout and addresses.', max_length=66)),
                ('note', models.CharField(max_length=300)),
                ('loaded_by', models.CharField(max_length=150)),
                ('loaded_at', models.DateTimeField()),
                ('accepted_by', models.CharField(blank=True, max_length=150)),
                ('in_use_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('chain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contract_sets', to='onchain.chain')),
            ],
            options={
                'ordering': ['chain', 'generation', '-version'],
                'constraints': [models.UniqueConstraint(fields=('chain', 'generation', 'version'), name='contract_set_version_once'), models.UniqueConstraint(condition=models.Q(('state', onchain.vocabulary.ContractSetState['IN_USE'])), fields=('chain', 'generation'), name='contract_set_one_in_use'), models.UniqueConstraint(condition=models.Q(('state', onchain.vocabulary.ContractSetState['WAITING'])), fields=('chain', 'generation'), name='contract_set_one_waiting'), models.CheckConstraint(condition=models.Q(('content_hash__regex', '^0x[0-9a-f]{64}$')), name='contract_set_hash_form'), models.CheckConstraint(condition=models.Q(('layout__in', ['v2.2b', 'v2.2c'])), name='contract_set_layout_known'), models.CheckConstraint(condition=models.Q(('state__in', ['WAITING', 'IN_USE', 'RETIRED', 'REFUSED'])), name='contract_set_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('in_use_at__isnull', True), ('state__in', ['WAITING', 'REFUSED'])), models.Q(('in_use_at__isnull', False), ('state__in', ['IN_USE', 'RETIRED'])), _connector='OR'), name='contract_set_use_has_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('state__in', ['REFUSED', 'RETIRED'])), models.Q(('ended_at__isnull', True), ('state__in', ['WAITING', 'IN_USE'])), _connector='OR'), name='contract_set_end_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='PinnedContract',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('exchange_router', 'Exchange router'), ('router', 'Router'), ('reader', 'Reader'), ('order_handler', 'Order handler'), ('order_vault', 'Order vault'), ('deposit_vault', 'Deposit vault'), ('withdrawal_vault', 'Withdrawal vault'), ('data_store', 'Data store'), ('event_emitter', 'Event emitter'), ('role_store', 'Role store'), ('referral_storage', 'Referral storage'), ('oracle', 'Oracle'), ('simulation_router', 'Simulation router'), ('wrapped_native', 'Wrapped native'), ('multicall', 'Multicall'), ('pool_factory', 'Pool factory'), ('governance', 'Governance'), ('asset_handler', 'Asset handler'), ('gmx_guard', 'Gmx guard'), ('gmx_asset_guard', 'Gmx asset guard'), ('erc20_guard', 'Erc20 guard'), ('closed_contract_guard', 'Closed contract guard'), ('slippage_accumulator', 'Slippage accumulator'), ('value_manipulation_check', 'Value manipulation check'), ('fee_receiver', 'Fee receiver')], max_length=30)),
                ('address', models.CharField(help_text='With its checksum.', max_length=42)),
                ('code_hash', models.CharField(blank=True, max_length=66)),
                ('source', models.CharField(max_length=300)),
                ('contract_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='onchain.contractset')),
            ],
            options={
                'ordering': ['contract_set', 'role'],
                'constraints': [models.UniqueConstraint(fields=('contract_set', 'role'), name='pinned_contract_one_per_role'), models.CheckConstraint(condition=models.Q(('address__regex', '^0x[0-9a-fA-F]{40}$')), name='pinned_contract_address_form'), models.CheckConstraint(condition=models.Q(('code_hash', ''), ('code_hash__regex', '^0x[0-9a-f]{64}$'), _connector='OR'), name='pinned_contract_code_hash_form'), models.CheckConstraint(condition=models.Q(('role__in', ['exchange_router', 'router', 'reader', 'order_handler', 'order_vault', 'deposit_vault', 'withdrawal_vault', 'data_store', 'event_emitter', 'role_store', 'referral_storage', 'oracle', 'simulation_router', 'wrapped_native', 'multicall', 'pool_factory', 'governance', 'asset_handler', 'gmx_guard', 'gmx_asset_guard', 'erc20_guard', 'closed_contract_guard', 'slippage_accumulator', 'value_manipulation_check', 'fee_receiver'])), name='pinned_contract_role_known')],
            },
        ),
        migrations.CreateModel(
            name='RpcEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('priority', models.PositiveSmallIntegerField(default=100, help_text='Lower ones are asked first.')),
                ('weight', models.PositiveSmallIntegerField(default=1, help_text='Share of the load among endpoints of one priority.')),
                ('requests_per_second', models.PositiveIntegerField(default=20)),
                ('log_range_blocks', models.PositiveIntegerField(default=10000, help_text='The widest range of blocks that is asked for logs at once.')),
                ('is_enabled', models.BooleanField(default=True)),
                ('chain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rpc_endpoints', to='onchain.chain')),
            ],
            options={
                'ordering': ['chain', 'priority', 'name'],
                'constraints': [models.UniqueConstraint(fields=('chain', 'name'), name='rpc_endpoint_one_per_name'), models.CheckConstraint(condition=models.Q(('weight__gte', 1)), name='rpc_endpoint_weight_positive'), models.CheckConstraint(condition=models.Q(('requests_per_second__gte', 1)), name='rpc_endpoint_rate_positive'), models.CheckConstraint(condition=models.Q(('log_range_blocks__gte', 1)), name='rpc_endpoint_log_range_positive')],
            },
        ),
        migrations.CreateModel(
            name='RpcNodeHealth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('answers', models.PositiveBigIntegerField(default=0)),
                ('failures', models.JSONField(default=dict, help_text="Counts by the error's code.")),
                ('latency_ms', models.PositiveIntegerField(default=0)),
                ('head_block', models.PositiveBigIntegerField(default=0)),
                ('lag_blocks', models.PositiveIntegerField(default=0)),
                ('is_in_use', models.BooleanField(default=True)),
                ('untrusted_because', models.CharField(blank=True, max_length=300)),
                ('seen_at', models.DateTimeField()),
                ('chain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='node_healths', to='onchain.chain')),
            ],
            options={
                'verbose_name_plural': 'RPC node healths',
                'ordering': ['chain', 'name'],
                'constraints': [models.UniqueConstraint(fields=('chain', 'name'), name='rpc_health_one_per_node')],
            },
        ),
        migrations.CreateModel(
            name='Token',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(help_text='With its checksum.', max_length=42)),
                ('symbol', models.CharField(max_length=30)),
                ('decimals', models.PositiveSmallIntegerField()),
                ('is_synthetic', models.BooleanField(default=False)),
                ('chain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to='onchain.chain')),
            ],
            options={
                'ordering': ['chain', 'symbol', 'address'],
                'constraints': [models.UniqueConstraint(fields=('chain', 'address'), name='token_one_per_address'), models.CheckConstraint(condition=models.Q(('address__regex', '^0x[0-9a-fA-F]{40}$')), name='token_address_form'), models.CheckConstraint(condition=models.Q(('decimals__lte', 30)), name='token_decimals_at_most_30')],
            },
        ),
        migrations.CreateModel(
            name='Market',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('market_token', models.CharField(help_text='With its checksum.', max_length=42)),
                ('chain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='markets', to='onchain.chain')),
                ('index_token', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='indexed_markets', to='onchain.token')),
                ('long_token', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='long_backed_markets', to='onchain.token')),
                ('short_token', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='short_backed_markets', to='onchain.token')),
            ],
            options={
                'ordering': ['chain', 'market_token'],
                'constraints': [models.UniqueConstraint(fields=('chain', 'market_token'), name='market_one_per_token'), models.CheckConstraint(condition=models.Q(('market_token__regex', '^0x[0-9a-fA-F]{40}$')), name='market_token_address_form')],
            },
        ),
        migrations.CreateModel(
            name='TransactionPermit',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('venue', models.CharField(choices=[('PAPER', 'Paper'), ('CHAIN', 'Chain')], max_length=8)),
                ('kind', models.CharField(choices=[('INCREASE', 'Increase'), ('SWAP', 'Swap'), ('REDUCE', 'Reduce'), ('STOP', 'Stop'), ('FLATTEN', 'Flatten'), ('CANCEL', 'Cancel'), ('BURN', 'Burn'), ('CLAIM', 'Claim'), ('SETUP', 'Setup')], max_length=12)),
                ('state', models.CharField(choices=[('ISSUED', 'Issued'), ('RESERVED', 'Reserved'), ('CONSUMED', 'Consumed'), ('REVOKED', 'Revoked'), ('EXPIRED', 'Expired')], default=atlas.domain.states.PermitState['ISSUED'], max_length=12)),
                ('intent_digest', models.CharField(max_length=66)),
                ('intent_tag', models.CharField(help_text='Names the order attempt, opaque here.', max_length=80)),
                ('switch_epoch', models.BigIntegerField(help_text='Epoch of the switch that allowed it.')),
                ('issued_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-issued_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['ISSUED', 'RESERVED', 'CONSUMED'])), fields=('intent_tag',), name='permit_one_live_per_order_attempt'), models.CheckConstraint(condition=models.Q(('venue__in', ['PAPER', 'CHAIN'])), name='permit_venue_known'), models.CheckConstraint(condition=models.Q(('kind__in', ['INCREASE', 'SWAP', 'REDUCE', 'STOP', 'FLATTEN', 'CANCEL', 'BURN', 'CLAIM', 'SETUP'])), name='permit_kind_known'), models.CheckConstraint(condition=models.Q(('state__in', ['ISSUED', 'RESERVED', 'CONSUMED', 'REVOKED', 'EXPIRED'])), name='permit_state_known'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('issued_at'))), name='permit_expires_later')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='transactionpermit',
            trigger=pgtrigger.compiler.Trigger(name='permit_meaning_frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."venue" IS DISTINCT FROM (NEW."venue") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."intent_digest" IS DISTINCT FROM (NEW."intent_digest") OR OLD."intent_tag" IS DISTINCT FROM (NEW."intent_tag") OR OLD."issued_at" IS DISTINCT FROM (NEW."issued_at") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='d11f52b948e84aeeb2d6539474515ef49f4e92a4', operation='UPDATE', pgid='pgtrigger_permit_meaning_frozen_06ef9', table='onchain_transactionpermit', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='transactionpermit',
            trigger=pgtrigger.compiler.Trigger(name='permit_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='d63fffaeca0dce0362e2b931cd196debc90c943f', operation='DELETE', pgid='pgtrigger_permit_never_deleted_2e36e', table='onchain_transactionpermit', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pinnedcontract',
            trigger=pgtrigger.compiler.Trigger(name='pinned_contract_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='5cd5961e3d98f89cfd1ec8509c961a1a96810f17', operation='UPDATE OR DELETE', pgid='pgtrigger_pinned_contract_append_only_84bcd', table='onchain_pinnedcontract', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='token',
            trigger=pgtrigger.compiler.Trigger(name='token_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fc7b8a61fe460f00d3a7a8e72dd6b294d1a36fd6', operation='UPDATE OR DELETE', pgid='pgtrigger_token_append_only_aab92', table='onchain_token', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='market',
            trigger=pgtrigger.compiler.Trigger(name='market_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='c702fe8a81c85e50fc957dd819fc842c1623ce33', operation='UPDATE OR DELETE', pgid='pgtrigger_market_append_only_73565', table='onchain_market', when='BEFORE')),
        ),
    ]
