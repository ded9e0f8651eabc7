"""Loading reviewed contracts, and taking a differing set into use with two persons' word.

Nothing changes silently: the same file again changes nothing, a differing one waits beside the set
that is in use until another person has approved exactly this replacement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction

from atlas.approvals import change_hash, request_approval, use_approval
from atlas.audit import Actor, record
from atlas.domain.errors import ConflictingState, NotAllowed
from atlas.domain.states import ApprovalState
from atlas.models import ApprovalRequest
from atlas.transitions import move
from onchain.addresses import ContractFile, ContractRole
from onchain.gmx.layouts import Layout
from onchain.models import Chain, ContractSet, Market, PinnedContract, Token
from onchain.vocabulary import CONTRACT_SET_TRANSITIONS, ContractSetState

APPROVAL_KIND = "contract_set.replace"
SUBJECT = "onchain.contractset"
OPEN_REQUESTS = (ApprovalState.PENDING, ApprovalState.APPROVED)


class Loaded(StrEnum):
    """What loading a file did."""

    UNCHANGED = "unchanged"
    IN_USE = "in use"
    WAITING = "waiting for a second person"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The set of a file, what happened to it, and how much of the chain was new."""

    contract_set: ContractSet
    outcome: Loaded
    new_tokens: int
    new_markets: int


@transaction.atomic
def load_contract_set(file: ContractFile, *, actor: Actor, now: datetime) -> LoadResult:
    """Store a reviewed file; running it twice is running it once.

    The first set of a generation is in use at once. A set that differs from the one in use waits;
    with an approved request for exactly this replacement it takes its place. Raises
    ConflictingState where the file contradicts what is known of the chain, a token or a market.
    """
    chain = _chain(file)
    new_tokens = _load_tokens(file, chain)
    new_markets = _load_markets(file, chain)
    known = ContractSet.objects.select_for_update().filter(chain=chain, generation=file.generation)
    digest = change_hash(file.pinned)
    current = known.filter(state=ContractSetState.IN_USE).first()
    waiting = known.filter(state=ContractSetState.WAITING).first()
    if current is not None and current.content_hash == digest:
        return LoadResult(current, Loaded.UNCHANGED, new_tokens, new_markets)
    if current is None:
        found = _store(file, chain, ContractSetState.IN_USE, actor=actor, now=now)
        return LoadResult(found, Loaded.IN_USE, new_tokens, new_markets)
    if waiting is None or waiting.content_hash != digest:
        if waiting is not None:
            _end(waiting, ContractSetState.REFUSED, actor=actor, now=now)
        waiting = _store(file, chain, ContractSetState.WAITING, actor=actor, now=now)
    outcome = _take_up(waiting, current, actor=actor, now=now)
    return LoadResult(waiting, outcome, new_tokens, new_markets)


def ask_second_person(
    contract_set: ContractSet, *, reason: str, requester: Actor, now: datetime
) -> ApprovalRequest:
    """Ask another person to agree that a waiting set replaces the one in use.

    Raises ConflictingState where the set does not wait or that is asked already.
    """
    if contract_set.state != ContractSetState.WAITING:
        raise ConflictingState(f"{contract_set} is {contract_set.state}: nothing waits for a word")
    current = in_use(contract_set.chain_id, contract_set.generation)
    if _open_request(contract_set, current, now=now) is not None:
        raise ConflictingState(f"A request for {contract_set} is open already")
    return request_approval(
        kind=APPROVAL_KIND,
        subject=(SUBJECT, str(contract_set.pk)),
        change=replacement(contract_set, current),
        reason=reason,
        requester=requester,
        now=now,
    )


def in_use(chain_id: int, generation: str) -> ContractSet:
    """Give the set that is believed. Raises ConflictingState where there is none."""
    found = ContractSet.objects.filter(
        chain_id=chain_id, generation=generation, state=ContractSetState.IN_USE
    ).first()
    if found is None:
        raise ConflictingState(
            f"No contracts of {generation} on chain {chain_id} are in use: load a reviewed file"
        )
    return found


def addresses_of(contract_set: ContractSet) -> Mapping[ContractRole, str]:
    """Give a set's addresses by role."""
    rows = contract_set.contracts.values_list("role", "address")
    return {ContractRole(role): address for role, address in rows}


def layout_of_reader(chain_id: int, reader: str) -> Layout:
    """Give the layout in which a Reader answers, by its address among the sets that were reviewed.

    Raises ConflictingState for a Reader that no set in use has: its answers are never guessed at.
    """
    layouts = set(
        PinnedContract.objects.filter(
            contract_set__chain_id=chain_id,
            contract_set__state=ContractSetState.IN_USE,
            role=ContractRole.READER,
            address=reader,
        ).values_list("contract_set__layout", flat=True)
    )
    if len(layouts) != 1:
        raise ConflictingState(
            f"The Reader {reader} on chain {chain_id} belongs to no reviewed set in use, or to sets"
            " that contradict each other: load and review its contracts before it is asked",
            detail={"reader": reader, "layouts": sorted(layouts)},
        )
    return Layout(layouts.pop())


def replacement(new: ContractSet, current: ContractSet) -> dict[str, Any]:
    """Name the exact change that the second person agrees to: both sets, and what differs."""
    before, after = addresses_of(current), addresses_of(new)
    return {
        "chain": new.chain_id,
        "generation": new.generation,
        "from_hash": current.content_hash,
        "to_hash": new.content_hash,
        "layout": [current.layout, new.layout],
        "addresses": {
            role.value: [before.get(role), after.get(role)]
            for role in sorted(before.keys() | after.keys())
            if before.get(role) != after.get(role)
        },
    }


def _chain(file: ContractFile) -> Chain:
    """Find or create the file's chain; a chain never turns from a real one into a local one."""
    chain, _ = Chain.objects.get_or_create(
        chain_id=file.chain.id,
        defaults={"name": file.chain.name, "is_local": file.chain.is_local},
    )
    if (chain.name, chain.is_local) != (file.chain.name, file.chain.is_local):
        raise ConflictingState(
            f"Chain {chain.pk} is known as {chain.name!r} (local: {chain.is_local}); the file says"
            f" {file.chain.name!r} (local: {file.chain.is_local})"
        )
    return chain


def _load_tokens(file: ContractFile, chain: Chain) -> int:
    """Add tokens that are not known; one that differs from what is known is refused."""
    known = {one.address: one for one in Token.objects.filter(chain=chain)}
    new = []
    for row in file.tokens:
        token = known.get(row.address)
        if token is None:
            new.append(Token(chain=chain, **row.model_dump()))
        elif (token.decimals, token.is_synthetic) != (row.decimals, row.is_synthetic):
            raise ConflictingState(
                f"Token {row.address} is known with {token.decimals} decimals (synthetic:"
                f" {token.is_synthetic}); the file says {row.decimals} ({row.is_synthetic})"
            )
    return len(Token.objects.bulk_create(new))


def _load_markets(file: ContractFile, chain: Chain) -> int:
    """Add markets that are not known; a market's tokens never change."""
    tokens = {one.address: one for one in Token.objects.filter(chain=chain)}
    known = {
        one.market_token: one
        for one in Market.objects.filter(chain=chain).select_related(
            "index_token", "long_token", "short_token"
        )
    }
    new = []
    for row in file.markets:
        index = None if row.index_token is None else tokens[row.index_token]
        named = (index, tokens[row.long_token], tokens[row.short_token])
        market = known.get(row.market_token)
        if market is None:
            made = Market(chain=chain, market_token=row.market_token)
            made.index_token, made.long_token, made.short_token = named
            new.append(made)
        elif named != (market.index_token, market.long_token, market.short_token):
            raise ConflictingState(f"Market {row.market_token} is known with other tokens")
    return len(Market.objects.bulk_create(new))


def _store(
    file: ContractFile, chain: Chain, state: ContractSetState, *, actor: Actor, now: datetime
) -> ContractSet:
    """Write a new version of a set with its contracts."""
    last = ContractSet.objects.filter(chain=chain, generation=file.generation).first()
    found = ContractSet.objects.create(
        chain=chain,
        generation=file.generation,
        version=1 if last is None else last.version + 1,
        layout=file.layout,
        state=state,
        content_hash=change_hash(file.pinned),
        note=file.note,
        loaded_by=actor.name,
        loaded_at=now,
        in_use_at=now if state is ContractSetState.IN_USE else None,
    )
    PinnedContract.objects.bulk_create(
        PinnedContract(
            contract_set=found,
            role=row.role,
            address=row.address,
            code_hash=row.code_hash or "",
            source=row.source,
        )
        for row in file.contracts
    )
    _note(found, "contract_set.load", actor=actor, now=now)
    return found


def _take_up(waiting: ContractSet, current: ContractSet, *, actor: Actor, now: datetime) -> Loaded:
    """Put a waiting set in the place of the present one if another person has agreed."""
    request = _open_request(waiting, current, now=now)
    if request is None or request.state != ApprovalState.APPROVED:
        return Loaded.WAITING
    if request.approver is None:
        raise NotAllowed("The approval names nobody: ask again")
    change = replacement(waiting, current)
    use_approval(request, kind=APPROVAL_KIND, change=change, actor=actor, now=now)
    _end(current, ContractSetState.RETIRED, actor=actor, now=now)
    move(
        waiting,
        ContractSetState.IN_USE,
        CONTRACT_SET_TRANSITIONS,
        in_use_at=now,
        accepted_by=request.approver.get_username(),
    )
    _note(waiting, "contract_set.use", actor=actor, now=now)
    return Loaded.IN_USE


def _open_request(
    waiting: ContractSet, current: ContractSet, *, now: datetime
) -> ApprovalRequest | None:
    """Give the newest request for exactly this replacement that waits or is approved."""
    return (
        ApprovalRequest.objects.filter(
            kind=APPROVAL_KIND,
            change_hash=change_hash(replacement(waiting, current)),
            state__in=[state.value for state in OPEN_REQUESTS],
            expires_at__gt=now,
        )
        .order_by("-pk")
        .first()
    )


def _end(
    contract_set: ContractSet, state: ContractSetState, *, actor: Actor, now: datetime
) -> None:
    """End a set that nobody will believe any more."""
    move(contract_set, state, CONTRACT_SET_TRANSITIONS, ended_at=now)
    _note(contract_set, f"contract_set.{state.lower()}", actor=actor, now=now)


def _note(contract_set: ContractSet, action: str, *, actor: Actor, now: datetime) -> None:
    """Write the audit row of one step."""
    record(
        action=action,
        subject=contract_set,
        actor=actor,
        now=now,
        after={
            "version": contract_set.version,
            "state": contract_set.state,
            "content_hash": contract_set.content_hash,
        },
    )
