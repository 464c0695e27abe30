"""``wamon demo``: a simulated bad week in less than a minute."""

from wamon.demo import demo


def demo_command(once: bool) -> int:
    """Play it; 0 when it could be played, 2 when the address of its page is taken."""
    return demo(once)
