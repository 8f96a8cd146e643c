"""Temporal's client as every process of ours makes it, and the metrics of its runtime."""

import dataclasses
import os
import socket
from collections.abc import Sequence

from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)
from temporalio.envconfig import ClientConfig
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

DEFAULT_ADDRESS = "127.0.0.1:7233"
#: Every history event names who wrote it; the SDK's default is `pid@a-long-host-name`.
LONGEST_IDENTITY = 24


def identity(role: str) -> str:
    """Who we are in Temporal's histories: short, since thousands of events repeat it.

    No `@`, so that whoever looks for personal data in a history finds none.
    """
    return f"{role}:{os.getpid()}:{socket.gethostname()}"[:LONGEST_IDENTITY]


def converter(codec: PayloadCodec | None) -> DataConverter:
    """How payloads are written; with a codec what failures say passes through it, too.

    Their types stay readable: the doors tell refusals by them, and operators' filters errors.
    """
    if codec is None:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(
    role: str,
    *,
    address: str = "",
    codec: PayloadCodec | None = None,
    lazy: bool = False,
    runtime: Runtime | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """A client for the server that `temporalio.envconfig` names (TEMPORAL_ADDRESS and so on).

    `address`, where given, comes before what is named. A lazy client connects at its first
    call, so that a door opens while Temporal is away; workers cannot use it. Without a `codec`
    it reads nothing that is inside a purchase.
    """
    named = ClientConfig.load_client_connect_config()
    named["target_host"] = address or named.get("target_host") or DEFAULT_ADDRESS
    return await Client.connect(
        **named,
        identity=identity(role),
        lazy=lazy,
        runtime=runtime,
        interceptors=interceptors,
        data_converter=converter(codec),
    )


def metered_runtime(host: str, port: int) -> Runtime:
    """A runtime whose metrics Prometheus reads at `host:port/metrics`; one per process."""
    return Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(f"{host}:{port}")))
