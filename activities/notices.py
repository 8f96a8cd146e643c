"""Telling the merchant what happened to a purchase."""

from dataclasses import replace
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from webhooks.port import EndpointGone, Messenger, NotDelivered, Notice, Parked

#: All first tries of one step together; a slow merchant waits in a workflow of its own.
FIRST_TRIES = timedelta(seconds=1)
#: A later try, as long as Standard Webhooks allows.
LATER_TRY = timedelta(seconds=15)

#: A merchant's server that is down is no failure of ours: no stack trace in the log, no alarm.
BENIGN = ApplicationErrorCategory.BENIGN
#: How a durable retry ends when nobody heard, as the type of its failure.
PARKED, GONE = "parked", "gone"


class Notices:
    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger

    @activity.defn
    async def tell(self, notices: list[Notice]) -> list[Notice]:
        """Try each once, in order, within a second together; answer those that were not heard.

        After the first that fails at an endpoint the rest are not tried there: a merchant hears
        in order if it can.
        """
        unheard: list[Notice] = []
        for number, notice in enumerate(notices):
            silent = {missed.endpoint for missed in unheard}
            try:
                unheard += await self._messenger.announce(
                    notice, FIRST_TRIES / len(notices), silent
                )
            except NotDelivered as early:
                waiting = [replace(one, reason=str(early)) for one in notices[number:]]
                return unheard + waiting
        return unheard

    @activity.defn
    async def tell_again(self, notice: Notice) -> list[Notice]:
        """One try of a durable retry; a failure says when the next one is.

        A notice that is for nobody in particular is tried at all who asked for it: those that
        did not hear it are answered, each as a notice of its own.
        """
        try:
            if not notice.endpoint:
                return await self._messenger.announce(notice, LATER_TRY)
            await self._messenger.deliver(notice, LATER_TRY)
        except EndpointGone as gone:
            raise _over(gone, GONE) from gone
        except Parked as parked:
            raise _over(parked, PARKED) from parked
        except NotDelivered as silence:
            raise ApplicationError(
                str(silence),
                type="not_delivered",
                next_retry_delay=silence.wait,
                category=BENIGN,
            ) from silence
        return []


def _over(why: Exception, kind: str) -> ApplicationError:
    return ApplicationError(str(why), type=kind, non_retryable=True, category=BENIGN)
