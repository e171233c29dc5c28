from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor, Future as _ConcurrentFuture
from typing import Any, Protocol, TypeVar

__all__ = ("run_in_foreground", "schedule_coroutine", "call_in_background")

_T = TypeVar("_T")

class _Submitter(Protocol):
    def submit(self, __fn: Callable[[], _T]) -> _ConcurrentFuture[_T]: ...

def run_in_foreground(task: Awaitable[_T], *, loop: AbstractEventLoop | None = None) -> _T: ...
def schedule_coroutine(target: Coroutine[Any, Any, _T], *, loop: AbstractEventLoop | None = None) -> Task[_T]: ...
def call_in_background(
    target: Callable[[], _T], *, loop: AbstractEventLoop | None = None, executor: Executor | _Submitter | None = None
) -> Future[_T]: ...
