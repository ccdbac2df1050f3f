"""What becomes of pairs: people first, then the best that the evidence proves."""

from datetime import UTC, datetime, timedelta

import pytest

from tablewire.domain.identity import Judgement
from tablewire.domain.restaurants import (
    Decision,
    Listing,
    Pair,
    Resolution,
    Verdict,
    contradiction,
    in_batches,
    parse_listing,
    resolve,
    restaurant_id,
)

NOW = datetime(2026, 2, 11, tzinfo=UTC)
SURE, LIKELY = 5.0, 1.5
A, B, C = Listing("resy", "a"), Listing("resy", "b"), Listing("resy", "c")
X, Y = Listing("opentable", "x"), Listing("opentable", "y")
T = Listing("tock", "t")


def resolved(weights: dict[tuple[Listing, Listing], float], *decisions: Decision) -> Resolution:
    judgements = {Pair.of(*pair): Judgement(weight, ("said",)) for pair, weight in weights.items()}
    return resolve(judgements, decisions)


def decided(one: Listing, other: Listing, verdict: Verdict) -> Decision:
    return Decision(pair=Pair.of(one, other), verdict=verdict, by="ann", at=NOW)


def groups(resolution: Resolution) -> set[frozenset[Listing]]:
    return set(resolution.groups)


def doubtful(resolution: Resolution) -> set[Pair]:
    return {link.pair for link in resolution.links if link.verdict is Verdict.DOUBTFUL}


def test_a_pair_that_is_proven_is_one_restaurant() -> None:
    found = resolved({(A, X): SURE})
    assert groups(found) == {frozenset({A, X})}
    assert [(link.pair, link.verdict) for link in found.links] == [(Pair(X, A), Verdict.SAME)]


def test_a_pair_that_is_only_likely_waits_for_a_person() -> None:
    found = resolved({(A, X): LIKELY})
    assert (groups(found), doubtful(found)) == (set(), {Pair(X, A)})


def test_the_better_of_two_partners_wins_and_the_other_is_not_asked_about() -> None:
    found = resolved({(A, X): SURE + 2, (B, X): SURE})
    assert (groups(found), doubtful(found)) == ({frozenset({A, X})}, set())


def test_of_two_partners_that_are_equally_good_neither_is_taken() -> None:
    found = resolved({(A, X): SURE, (B, X): SURE})
    assert (groups(found), doubtful(found)) == (set(), {Pair(X, A), Pair(X, B)})


def test_a_best_that_prefers_another_is_not_taken() -> None:
    found = resolved({(A, X): SURE + 4, (A, Y): SURE + 2, (B, Y): SURE + 0.6})
    assert groups(found) == {frozenset({A, X})}


def test_listings_of_three_providers_are_one_restaurant() -> None:
    assert groups(resolved({(A, X): SURE, (X, T): SURE})) == {frozenset({A, X, T})}


def test_a_third_provider_never_brings_two_listings_of_one_provider_together() -> None:
    found = resolved({(A, X): SURE + 1, (X, T): SURE, (T, B): SURE + 1})
    assert all(len({listing.provider for listing in group}) == len(group) for group in groups(found))


def test_a_person_joins_what_the_evidence_says_nothing_of() -> None:
    assert groups(resolved({}, decided(A, X, Verdict.SAME))) == {frozenset({A, X})}


def test_a_person_parts_what_the_evidence_proves() -> None:
    found = resolved({(A, X): SURE}, decided(A, X, Verdict.APART))
    assert (groups(found), found.links) == (set(), ())


def test_a_partner_that_a_person_chose_takes_the_place_of_the_proven_one() -> None:
    found = resolved({(A, X): SURE}, decided(B, X, Verdict.SAME))
    assert (groups(found), doubtful(found)) == ({frozenset({B, X})}, set())


def test_where_a_person_parts_the_best_the_next_best_is_taken() -> None:
    found = resolved({(A, X): SURE + 2, (B, X): SURE}, decided(A, X, Verdict.APART))
    assert groups(found) == {frozenset({B, X})}


def test_a_person_can_join_two_listings_of_one_provider_and_a_partner_still_finds_them() -> None:
    found = resolved({(A, X): SURE, (B, X): SURE}, decided(A, B, Verdict.SAME))
    assert groups(found) == {frozenset({A, B, X})}


def test_what_is_held_apart_is_not_joined_by_way_of_a_third() -> None:
    found = resolved({(A, X): SURE + 1, (X, T): SURE}, decided(A, T, Verdict.APART))
    assert groups(found) == {frozenset({A, X})}


def test_the_order_of_pairs_does_not_matter() -> None:
    weights = {
        (A, X): SURE + 1,
        (B, X): SURE,
        (B, Y): SURE + 1,
        (C, Y): SURE + 0.8,
        (X, T): SURE,
        (T, B): SURE,
    }
    assert resolved(weights) == resolved(dict(reversed(weights.items())))


def test_decisions_that_cannot_all_hold_are_found() -> None:
    said = [decided(A, X, Verdict.SAME), decided(X, T, Verdict.SAME), decided(A, T, Verdict.APART)]
    assert contradiction(said) == Pair(A, T)
    assert contradiction(said[:2]) is None


def test_a_restaurant_is_named_by_the_listing_that_was_known_first() -> None:
    first_seen = {A: NOW, X: NOW + timedelta(days=1), T: NOW}
    assert restaurant_id([X, A], first_seen) == "resy:a"
    assert restaurant_id([X, T, A], first_seen) == "resy:a"


@pytest.mark.parametrize("text", ["", "resy", "resy:", ":1", "re\0sy:1", "resy:" + "1" * 200])
def test_what_is_no_listing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="provider:id"):
        parse_listing(text)


def test_a_listing_is_read_as_it_is_written() -> None:
    assert parse_listing("resy:a:b") == Listing("resy", "a:b")
    assert str(Listing("resy", "a:b")) == "resy:a:b"


def test_batches_are_of_one_provider_and_of_so_many_at_most() -> None:
    assert list(in_batches([X, Y, A, B, C, T], 2)) == [[X, Y], [A, B], [C], [T]]
    assert list(in_batches([], 2)) == []
