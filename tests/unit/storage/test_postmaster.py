import os
from pathlib import Path

import pytest

from tablewire.storage.postmaster import Postmaster
from tablewire.storage.server_user import ServerUser


@pytest.fixture
def postmaster(tmp_path: Path) -> Postmaster:
    return Postmaster(tmp_path, ServerUser(), tmp_path)


def test_without_a_pid_file_nothing_runs(postmaster: Postmaster) -> None:
    assert (postmaster.pid(), postmaster.is_running()) == (None, False)


def test_an_empty_pid_file_names_nobody(postmaster: Postmaster) -> None:
    (postmaster.cluster / "postmaster.pid").write_text("")
    assert postmaster.pid() is None


def test_another_program_with_that_number_is_no_server(postmaster: Postmaster) -> None:
    (postmaster.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert not postmaster.is_running()


def test_a_number_that_no_process_has_is_no_server(postmaster: Postmaster) -> None:
    (postmaster.cluster / "postmaster.pid").write_text(f"{2**22 + 1}\n")
    assert not postmaster.is_running()


def test_the_last_words_are_the_last_line_of_the_log(postmaster: Postmaster) -> None:
    (postmaster.cluster / "server.log").write_text("first\nlast\n")
    assert postmaster.last_words() == "last"


def test_a_server_without_log_has_no_last_words(postmaster: Postmaster) -> None:
    assert postmaster.last_words() == "its log is empty"
