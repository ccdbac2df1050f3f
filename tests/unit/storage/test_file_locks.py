from pathlib import Path

import pytest

from tablewire.storage.file_locks import FileLock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


async def test_a_lock_held_alone_is_refused_to_others(path: Path) -> None:
    async with FileLock(path).exclusive(1):
        with pytest.raises(TimeoutError):
            async with FileLock(path).exclusive(0):
                pass


async def test_a_lock_that_was_let_go_can_be_held_again(path: Path) -> None:
    async with FileLock(path).exclusive(1):
        pass
    async with FileLock(path).exclusive(0):
        pass


def test_several_can_share_a_lock(path: Path) -> None:
    one, other = FileLock(path), FileLock(path)
    one.share()
    other.share()
    assert not one.take_over()
    for lock in (one, other):
        lock.release()


def test_the_last_one_that_shares_can_have_it_alone(path: Path) -> None:
    one, other = FileLock(path), FileLock(path)
    one.share()
    other.share()
    one.release()
    assert other.take_over()
    other.release()


def test_what_is_held_alone_cannot_be_shared(path: Path) -> None:
    one = FileLock(path)
    assert one.take_over()
    with pytest.raises(BlockingIOError):
        FileLock(path).share()
    one.release()
