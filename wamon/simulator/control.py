"""A site that is not Meta's: a plain page, there to tell our own network's trouble from theirs."""

from wamon.simulator.faults import Fault, plain_replacement
from wamon.simulator.http11 import Answer, Request
from wamon.simulator.scenario import Call

PAGE = Answer(200, b"<!DOCTYPE html><title>control</title><p>Here.</p>", (("Content-Type", "text/html"),))


class Control:
    """Answers every request with the same page."""

    @property
    def calls(self) -> frozenset[Call]:
        """Everything that can be asked of it."""
        return frozenset({Call.PAGE})

    def call(self, request: Request) -> Call:
        """Every request is for the page."""
        del request
        return Call.PAGE

    def answer(self, request: Request, fault: Fault | None, now_ms: int) -> Answer:
        """The page, or what the fault puts in its place."""
        del request, now_ms
        return plain_replacement(fault) or PAGE
