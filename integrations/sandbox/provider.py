"""What every stand-in has in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from .callbacks import Callbacks
from .faults import TRANSPORT, Fault
from .state import State
from .wire import Reply, Request


class Provider(ABC):
    """One vendor under its own prefix. Add it to `server.PROVIDERS` and it is served.

    `behaviours`: faults of its own beside the transport faults. `switches`: what the vendor answers in more than one
    shape, name → choices, the first is the default; `POST /__switches {"didar.reply": "nested"}` turns one.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    behaviours: ClassVar[frozenset[str]] = frozenset()
    switches: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self, state: State, callbacks: Callbacks) -> None:
        self.state, self.callbacks = state, callbacks
        self.switched: dict[str, str] = {}
        self.reset()

    @abstractmethod
    def answer(self, request: Request, fault: Fault | None) -> Reply:
        """The vendor's answer. Called with the state's lock held; does no waiting of its own."""

    def applies(self, fault: str, request: Request) -> bool:
        """Whether a fault armed without `match` may strike this call."""
        return fault in TRANSPORT or fault in self.behaviours

    def reset(self) -> None:
        """Forgets whatever the provider keeps beside the shared tables, and turns its switches back."""
        self.switched = {name: choices[0] for name, choices in self.switches.items()}
