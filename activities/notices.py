"""Telling the merchant what happened to a purchase."""

from collections.abc import Callable
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from webhooks.port import EndpointGone, Messenger, NotDelivered, Notice

#: All first tries of one step together; a slow merchant waits in a workflow of its own.
FIRST_TRIES = timedelta(seconds=1)
#: A later try, as long as Standard Webhooks allows.
LATER_TRY = timedelta(seconds=15)

#: (try number from 1, notice) → wait before the next, or None when there is none.
Schedule = Callable[[int, Notice], timedelta | None]


class Notices:
    def __init__(self, messenger: Messenger, schedule: Schedule) -> None:
        self._messenger = messenger
        self._schedule = schedule

    @activity.defn
    async def tell(self, notices: list[Notice]) -> list[Notice]:
        """Try each once, in order, within a second together; answer those that were not heard.

        After the first that fails the rest are not tried: a merchant hears in order if it can.
        """
        for number, notice in enumerate(notices):
            try:
                await self._messenger.deliver(notice, FIRST_TRIES / len(notices))
            except EndpointGone:
                continue
            except NotDelivered:
                return notices[number:]
        return []

    @activity.defn
    async def tell_again(self, notice: Notice) -> None:
        """One try of a durable retry; the schedule says when the next one is."""
        attempt = activity.info().attempt
        try:
            await self._messenger.deliver(notice, LATER_TRY)
        except EndpointGone:
            return
        except NotDelivered as silence:
            delay = self._schedule(attempt, notice)
            if delay is None:
                raise ApplicationError(
                    f"parked after {attempt} tries: {silence}", type="parked", non_retryable=True
                ) from silence
            raise ApplicationError(
                str(silence),
                type="not_delivered",
                next_retry_delay=max(delay, silence.retry_after or delay),
            ) from silence
