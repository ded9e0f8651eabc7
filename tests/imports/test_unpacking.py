"""The store of imported bytes, and unpacking what comes packed, bombs included."""

import gzip
import io
import os

import pytest
import zstandard

from atlas.domain.errors import InvalidInput
from imports import unpacking
from imports.formats.problems import FileRefused
from imports.sources import NoSuchFile, opened
from imports.storage import ContentStore, StoreUnusable

PLAIN = b"The quick brown fox. " * 20_000 + os.urandom(50_000)


@pytest.fixture
def store(tmp_path):
    return ContentStore(tmp_path / "store")


def packed_as_gzip(data: bytes) -> bytes:
    return gzip.compress(data)


def packed_as_zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def streamed_as_zstd(data: bytes) -> bytes:
    """Pack without saying how much will come out, as a pipe does."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(data) + packer.flush()


PACKINGS = [packed_as_gzip, packed_as_zstd, streamed_as_zstd]


@pytest.mark.parametrize("packing", [bytes, *PACKINGS])
def test_what_comes_out_is_what_was_packed(store, packing):
    stored = store.put(io.BytesIO(packing(PLAIN)))
    with store.content(stored.sha256) as content:
        assert content.size == len(PLAIN)
        assert bytes(content.whole()) == PLAIN
        assert content.stream().read() == PLAIN
        assert content.piece(4, 5) == b"quick"


def test_two_readers_of_a_file_do_not_disturb_each_other(store):
    stored = store.put(io.BytesIO(PLAIN))
    with store.content(stored.sha256) as content:
        first, second = content.stream(), content.stream()
        assert first.read(9) == second.read(9) == PLAIN[:9]
        assert first.readline() == second.readline()


@pytest.mark.parametrize("packing", PACKINGS)
def test_packings_may_follow_one_another(store, packing):
    stored = store.put(io.BytesIO(packing(PLAIN[:100]) + packing(PLAIN[100:])))
    with store.content(stored.sha256) as content:
        assert bytes(content.whole()) == PLAIN


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("cut", [1, 5, 1000, 40_000])
def test_a_packing_that_was_cut_off_is_refused(store, packing, cut):
    stored = store.put(io.BytesIO(packing(PLAIN)[:-cut]))
    with (
        pytest.raises(FileRefused, match="cut off or damaged"),
        store.content(stored.sha256),
    ):
        pass


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_packing_that_was_damaged_is_refused(store, packing):
    data = bytearray(packing(PLAIN))
    data[len(data) // 2] ^= 0xFF
    data[5] ^= 0xFF
    stored = store.put(io.BytesIO(bytes(data)))
    with pytest.raises(FileRefused), store.content(stored.sha256):
        pass


@pytest.mark.parametrize("packing", PACKINGS)
def test_rubbish_behind_a_packing_is_refused(store, packing):
    stored = store.put(io.BytesIO(packing(PLAIN) + b"rubbish, and more of it"))
    with pytest.raises(FileRefused), store.content(stored.sha256):
        pass


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_bomb_ends_at_the_cap_and_leaves_nothing_behind(tmp_path, packing):
    path = tmp_path / "bomb"
    path.write_bytes(packing(b"\0" * 50_000_000))
    assert path.stat().st_size < 100_000
    spool = tmp_path / "spool"
    spool.mkdir()
    with (
        pytest.raises(FileRefused, match="More than 1,000,000 bytes"),
        unpacking.unpacked(path, spool_in=spool, cap_bytes=1_000_000),
    ):
        pass
    assert list(spool.iterdir()) == []


def test_a_frame_that_wants_too_much_memory_is_refused(store):
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    stored = store.put(io.BytesIO(packer.compress(PLAIN) + packer.flush()))
    with pytest.raises(FileRefused, match="damaged"), store.content(stored.sha256):
        pass


def test_the_same_bytes_are_kept_once(store, tmp_path):
    first, second = store.put(io.BytesIO(PLAIN)), store.put(io.BytesIO(PLAIN))
    assert first == second
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert [path.name for path in files] == [first.sha256]
    assert files[0].read_bytes() == PLAIN


def test_a_stream_that_cannot_be_read_twice_is_kept_too(store, tmp_path):
    reading, writing = os.pipe()
    os.write(writing, b"from a pipe")
    os.close(writing)
    with open(reading, "rb") as pipe:
        stored = store.put(pipe)
    with store.content(stored.sha256) as content:
        assert bytes(content.whole()) == b"from a pipe"


def test_a_file_that_does_not_end_is_refused_and_not_kept(store, tmp_path):
    with pytest.raises(InvalidInput, match="larger than 10 bytes"):
        store.put(io.BytesIO(b"x" * 11), largest_bytes=10)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_interrupted_writing_leaves_nothing_in_the_store(store, tmp_path):
    class Breaking(io.RawIOBase):
        def readable(self):
            return True

        def read(self, size=-1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put(Breaking())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(tmp_path):
    (tmp_path / "store").write_text("a file where a folder should be")
    with pytest.raises(StoreUnusable, match="ATLAS_STORAGE_URL"):
        ContentStore(tmp_path / "store").put(io.BytesIO(PLAIN))


def test_a_file_that_is_gone_from_the_store_is_named(store):
    with pytest.raises(StoreUnusable, match="no longer in the store"), store.content("0" * 64):
        pass


@pytest.mark.parametrize("name", ["no-such-file", "/dev/zero", "bad\0name"])
def test_what_is_no_file_is_not_opened(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoSuchFile), opened(name):
        pass
