"""Whose word stands: rules and people rule in any order, people take back, and a plain reading of it agrees."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.sample import GOOD, NOON, OURS, THEIRS, TODAY, UNKNOWN, look, ruled, tell
from wamon.core.finding import Finding, Origin
from wamon.ledger import Book, Ledger, memory_ledger
from wamon.ledger.words import Declaration

FINDINGS = (GOOD, THEIRS, OURS, UNKNOWN)
RULES = (Origin.FOLLOW_UP, Origin.RECLASSIFICATION)


class Plain:
    """One look: what the rules said, and what people said with whether it still stands."""

    def __init__(self) -> None:
        self.rules = [THEIRS]
        self.people: dict[int, Finding] = {}
        self.withdrawn: set[int] = set()

    def stands(self, without: int | None = None) -> Finding:
        said = [one for number, one in self.people.items() if number not in self.withdrawn | {without}]
        return said[-1] if said else self.rules[-1]


steps = st.lists(
    st.tuples(st.sampled_from(("rule", "person", "withdraw")), st.sampled_from(FINDINGS), st.integers(0, 7)),
    max_size=14,
)


@settings(deadline=None)
@given(steps)
def test_the_latest_person_stands_else_the_latest_rule(taken: list[tuple[str, Finding, int]]) -> None:
    plain = Plain()

    def act(book: Book) -> None:
        for step, finding, number in taken:
            if step == "rule":
                book.append_rulings([ruled(finding, origin=RULES[number % 2])])
                plain.rules.append(finding)
            elif step == "person":
                person = ruled(finding, origin=Origin.PERSON, author="anna", because="x")
                said = Declaration("ruling", {}, NOON, "anna", "x")
                plain.people[book.declare(said, [person])] = finding
            elif plain.people and not plain.withdrawn.issuperset(plain.people):
                standing = [one for one in plain.people if one not in plain.withdrawn]
                back = standing[number % len(standing)]
                book.withdraw(back, at_ms=NOON, author="ben", because="y")
                plain.withdrawn.add(back)
            (mark,) = book.marks("graph", TODAY)
            assert mark.finding == plain.stands()

    async def written(ledger: Ledger) -> None:
        await look(ledger, THEIRS)
        await ledger.write(act)
        (by_rules,) = await ledger.read(lambda book: book.marks("graph", TODAY, people=False))
        assert by_rules.finding == plain.rules[-1]
        for number in plain.people:
            (mark,) = await ledger.read(lambda book, number=number: book.marks("graph", TODAY, without=number))
            assert mark.finding == plain.stands(number)
        rulings = await ledger.read(lambda book: book.rulings(TODAY))
        assert len(rulings) == len(plain.rules) - 1 + len(plain.people), "all of them stay visible"

    tell(written, memory_ledger)
