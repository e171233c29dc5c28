"""What type checkers accept and reject: read by mypy and pyright, never run

A rejected line carries an ignore comment for each checker.  A comment that
turns out unused is an error for both, so a line that is accepted by mistake
fails the check, as does one that is rejected for another reason.
"""

import asyncio
import concurrent.futures
import functools
from typing import (
    Any, Awaitable, Callable, Coroutine, Generator, List, Tuple, TypeVar,
    Union,
)

from typing_extensions import assert_type

import asyncio_fgbg
from asyncio_fgbg import (
    call_in_background,
    run_in_foreground,
    schedule_coroutine,
)


_T = TypeVar('_T')


async def count() -> int:
    return 1


async def greet(name: str) -> str:
    return name


def blocking_count() -> int:
    return 1


def blocking_greet(name: str) -> str:
    return name


def numbers() -> Generator[int, None, None]:
    yield 1


class Later:
    def __await__(self) -> Generator[Any, None, bytes]:
        yield None
        return b''


class Submitter:
    def submit(
        self, function: Callable[[], _T],
    ) -> 'concurrent.futures.Future[_T]':
        future: 'concurrent.futures.Future[_T]' = concurrent.futures.Future()
        future.set_result(function())
        return future


class Answer:
    def __call__(self) -> bool:
        return True


def accepted_by_run_in_foreground(
    loop: asyncio.AbstractEventLoop,
    task: 'asyncio.Task[int]',
    future: 'asyncio.Future[str]',
    awaitable: Awaitable[float],
    either: Union['asyncio.Task[int]', Coroutine[Any, Any, int]],
) -> None:
    assert_type(run_in_foreground(count()), int)
    assert_type(run_in_foreground(task), int)
    assert_type(run_in_foreground(future), str)
    assert_type(run_in_foreground(awaitable), float)
    assert_type(run_in_foreground(either), int)
    assert_type(run_in_foreground(Later()), bytes)
    assert_type(run_in_foreground(task=count(), loop=loop), int)
    assert_type(run_in_foreground(count(), loop=None), int)
    assert_type(run_in_foreground(asyncio.wait_for(task, 1)), int)
    assert_type(run_in_foreground(asyncio.gather(task, future)),
                Tuple[int, str])
    assert_type(run_in_foreground(asyncio.gather(*[task])), List[int])


def accepted_by_schedule_coroutine(loop: asyncio.AbstractEventLoop) -> None:
    assert_type(schedule_coroutine(count()), 'asyncio.Task[int]')
    assert_type(schedule_coroutine(target=greet('you'), loop=loop),
                'asyncio.Task[str]')
    assert_type(schedule_coroutine(count(), loop=None), 'asyncio.Task[int]')
    assert_type(run_in_foreground(schedule_coroutine(greet('you'))), str)


def accepted_by_call_in_background(
    loop: asyncio.AbstractEventLoop,
    executor: concurrent.futures.Executor,
) -> None:
    assert_type(call_in_background(blocking_count), 'asyncio.Future[int]')
    assert_type(call_in_background(Answer()), 'asyncio.Future[bool]')
    assert_type(call_in_background(Answer), 'asyncio.Future[Answer]')
    assert_type(call_in_background([1].copy), 'asyncio.Future[List[int]]')
    assert_type(call_in_background(lambda: 1.5), 'asyncio.Future[float]')
    assert_type(call_in_background(functools.partial(blocking_greet, 'you')),
                'asyncio.Future[str]')
    assert_type(
        call_in_background(target=blocking_count, loop=loop,
                           executor=executor),
        'asyncio.Future[int]',
    )
    assert_type(call_in_background(blocking_count, executor=Submitter()),
                'asyncio.Future[int]')
    assert_type(call_in_background(blocking_count, loop=None, executor=None),
                'asyncio.Future[int]')
    assert_type(run_in_foreground(call_in_background(blocking_count)), int)


def rejected_by_run_in_foreground(
    loop: asyncio.AbstractEventLoop,
    call: 'concurrent.futures.Future[int]',
) -> None:
    run_in_foreground()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    run_in_foreground(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    run_in_foreground(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    run_in_foreground(count)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    run_in_foreground(numbers())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    run_in_foreground(call)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    run_in_foreground(count(), loop)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    run_in_foreground(count(), loop=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    run_in_foreground(target=count())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def rejected_by_schedule_coroutine(
    loop: asyncio.AbstractEventLoop,
    task: 'asyncio.Task[int]',
    future: 'asyncio.Future[int]',
    awaitable: Awaitable[int],
) -> None:
    schedule_coroutine()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    schedule_coroutine(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    schedule_coroutine(task)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    schedule_coroutine(future)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    schedule_coroutine(awaitable)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    schedule_coroutine(Later())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    schedule_coroutine(count)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    schedule_coroutine(blocking_count)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    schedule_coroutine(numbers())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    schedule_coroutine(count(), loop)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    schedule_coroutine(task=count())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def rejected_by_call_in_background(
    loop: asyncio.AbstractEventLoop,
    executor: concurrent.futures.Executor,
    task: 'asyncio.Task[int]',
) -> None:
    call_in_background()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    call_in_background(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    call_in_background(blocking_count())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    call_in_background(count())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    call_in_background(task)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    call_in_background(blocking_count, loop)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    call_in_background(blocking_count, executor=loop)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    call_in_background(blocking_count, loop=executor)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    call_in_background(blocking_greet)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def rejected_coroutine_function() -> int:
    # Its result is no future of the result that was meant.
    run_in_foreground(call_in_background(count))  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    number: int = run_in_foreground(call_in_background(count))  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    return str(number)  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


def rejected_after_a_call_of_any(call: Callable[[], Any]) -> int:
    call_in_background(call)
    return 'text'  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


def rejected_results() -> None:
    text: str = run_in_foreground(count())  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    number: int = schedule_coroutine(count())  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    print(text, number)


def rejected_names() -> None:
    asyncio_fgbg.run_in_background  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    asyncio_fgbg.asyncio  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
