from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, overload
from typing_extensions import Never, deprecated

__all__ = ("run_in_foreground", "schedule_coroutine", "call_in_background")

_T = TypeVar("_T")

def run_in_foreground(task: Awaitable[_T], *, loop: AbstractEventLoop | None = None) -> _T: ...
def schedule_coroutine(target: Coroutine[Any, Any, _T], *, loop: AbstractEventLoop | None = None) -> Task[_T]: ...
@overload
@deprecated("This is a coroutine function: call it, and use schedule_coroutine()")
def call_in_background(
    target: Callable[[], Coroutine[Any, Any, Any]], *, loop: AbstractEventLoop | None = None, executor: Executor | None = None
) -> Never: ...
@overload
def call_in_background(
    target: Callable[[], _T], *, loop: AbstractEventLoop | None = None, executor: Executor | None = None
) -> Future[_T]: ...
