"""Which name each source has for a market: reviewed data, compared in full.

Symbols are not identities: two tokens may share one. A market is an address, a feed id or a feed
contract here, and the providers hold what a source says against it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GmxToken:
    """A market's index token at GMX on Arbitrum One, and the market token of its main pool."""

    market: str
    symbol: str
    address: str
    decimals: int
    market_token: str


@dataclass(frozen=True, slots=True)
class PythFeed:
    """A price feed of Pyth: its id for Hermes and its symbol for Benchmarks."""

    market: str
    feed_id: str
    symbol: str


@dataclass(frozen=True, slots=True)
class ChainlinkFeed:
    """An aggregator on chain: its address, its decimals, and how often it must speak at least."""

    market: str
    address: str
    decimals: int
    heartbeat_seconds: int


GMX_TOKENS: tuple[GmxToken, ...] = (
    GmxToken(
        "ETH/USD",
        "ETH",
        "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1",
        18,
        "0x70d95587d40A2caf56bd97485aB3Eec10Bee6336",
    ),
    GmxToken(
        "BTC/USD",
        "BTC",
        "0x47904963fc8b2340414262125aF798B9655E58Cd",
        8,
        "0x47c031236e19d024b42f8AE6780E44A573170703",
    ),
)

PYTH_FEEDS: tuple[PythFeed, ...] = (
    PythFeed(
        "ETH/USD",
        "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace",
        "Crypto.ETH/USD",
    ),
    PythFeed(
        "BTC/USD",
        "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43",
        "Crypto.BTC/USD",
    ),
)

# Chainlink's feeds on Arbitrum One. The heartbeat is the longest silence that is still normal.
CHAINLINK_FEEDS: tuple[ChainlinkFeed, ...] = (
    ChainlinkFeed("ETH/USD", "0x639Fe6ab55C921f74e7fac1ee960C0B6293ba612", 8, 86_400),
    ChainlinkFeed("BTC/USD", "0x6ce185860a4963106506C203335A2910413708e9", 8, 86_400),
)
ARBITRUM_SEQUENCER = "0xFdB631F5EE196F0ed6FAa767959853A9F217697D"
