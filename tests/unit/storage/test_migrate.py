from alembic.script import ScriptDirectory

from tablewire.storage import migrate
from tablewire.storage.pools import plain


def test_the_newest_revision_read_from_the_files_is_the_one_that_alembic_finds() -> None:
    assert migrate.head() == ScriptDirectory(str(migrate.scripts())).get_current_head()


def test_the_name_of_a_driver_is_left_out_of_a_url() -> None:
    assert plain("postgresql+asyncpg://u:p+q@h/d?host=/x") == "postgresql://u:p+q@h/d?host=/x"


def test_a_url_without_driver_stays_as_it_is() -> None:
    assert plain("postgres://h/d") == "postgres://h/d"
