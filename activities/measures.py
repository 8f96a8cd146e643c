"""Metrics that activities set: they stand at the worker's `DANBAO_METRICS_PORT`."""

from temporalio import activity


def gauge(name: str, description: str, value: int, **labels: str) -> None:
    activity.metric_meter().create_gauge(name, description).set(value, labels)
