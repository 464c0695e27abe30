"""The metrics face: counters, the table of metrics, and what Prometheus reads."""

from wamon.metrics.exposition import Exposition, Rendered, render
from wamon.metrics.table import METRICS
from wamon.metrics.tally import Tally

__all__ = ["METRICS", "Exposition", "Rendered", "Tally", "render"]
