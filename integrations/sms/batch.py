"""Sending a batch to a vendor that refuses all of it because of one message: the batch is halved until it is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from integrations.ports import DeliveryError, Reject, Retry, Sms, SmsOutcome, SmsReceipt

MOST_CALLS = 40  # for one batch: enough to find a handful of bad messages among 200

Call = Callable[[Sequence[Sms]], list[SmsOutcome]]


def send_in_halves(messages: Sequence[Sms], call: Call, *, is_about_one: Callable[[Reject], bool]) -> list[SmsOutcome]:
    """One outcome per message, in order. A refusal that `is_about_one` is traced to that message.

    Raises what `call` raises for the whole batch. Once a part has gone out, an error only concerns the part it met.
    """
    return _Halving(call, is_about_one).send(messages)


class _Halving:
    def __init__(self, call: Call, is_about_one: Callable[[Reject], bool]) -> None:
        self._call, self._is_about_one = call, is_about_one
        self._calls_left = MOST_CALLS

    def send(self, messages: Sequence[Sms]) -> list[SmsOutcome]:
        self._calls_left -= 1
        try:
            return self._call(messages)
        except Reject as error:
            if not self._is_about_one(error):
                raise
            if len(messages) == 1:
                return all_failed(messages, error)
        middle = len(messages) // 2
        return [*self._send_part(messages[:middle]), *self._send_part(messages[middle:])]

    def _send_part(self, part: Sequence[Sms]) -> list[SmsOutcome]:
        if self._calls_left <= 0:
            return all_failed(part, Retry("too many refused numbers in one batch"))
        try:
            return self.send(part)
        except DeliveryError as error:
            return all_failed(part, error)


def send_others(messages: Sequence[Sms], found: dict[int, SmsReceipt], call: Call) -> list[SmsOutcome]:
    """Adopts what was `found`, by local id, and calls for the others; raises only where nothing was found."""
    others = [message for message in messages if message.local_id not in found]
    try:
        outcomes = call(others) if others else []
    except DeliveryError as error:
        if not found:
            raise
        outcomes = all_failed(others, error)
    by_id = {local_id: SmsOutcome(local_id, receipt=receipt) for local_id, receipt in found.items()}
    by_id |= {outcome.local_id: outcome for outcome in outcomes}
    return [by_id[message.local_id] for message in messages]


def all_failed(messages: Sequence[Sms], error: DeliveryError) -> list[SmsOutcome]:
    """The same outcome for each of the messages."""
    return [SmsOutcome(message.local_id, error=error) for message in messages]
