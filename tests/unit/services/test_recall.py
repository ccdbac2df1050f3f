"""What is remembered for seconds."""

from tablewire.services.recall import Recall


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_good_for_some_seconds_since_it_was_looked_up() -> None:
    clock = Clock()
    recall: Recall[str, int] = Recall(2, clock)
    recall.put("a", 1, since=99.0)
    assert (recall.get("a"), recall.get("b")) == (1, None)
    clock.now = 101.0
    assert recall.get("a") is None
    assert recall.knew("a")


def test_only_so_many_are_kept_the_newest() -> None:
    recall: Recall[int, int] = Recall(2, Clock(), most=3)
    for number in (1, 2, 3, 1, 4):
        recall.put(number, number, since=100.0)
    assert [recall.get(number) for number in (1, 2, 3, 4)] == [1, None, 3, 4]


def test_what_is_forgotten_was_never_known() -> None:
    recall: Recall[str, int] = Recall(2, Clock())
    for key, value in {"a": 1, "b": 2, "c": 1}.items():
        recall.put(key, value, since=100.0)
    recall.forget("b")
    recall.forget_where(lambda value: value == 1)
    assert not any(recall.knew(key) for key in "abc")
