"""The shape of 2015: each function adds a check to what asyncio has"""

__all__ = ('run_in_foreground', 'schedule_coroutine', 'call_in_background')

import asyncio


def run_in_foreground(task, *, loop=None):
    if loop is None:
        loop = asyncio.get_event_loop()
    return loop.run_until_complete(asyncio.ensure_future(task, loop=loop))


def schedule_coroutine(target, *, loop=None):
    if not asyncio.iscoroutine(target):
        raise TypeError('target must be a coroutine')
    return asyncio.ensure_future(target, loop=loop)


def call_in_background(target, *, loop=None, executor=None):
    if not callable(target):
        raise TypeError('target must be a callable')
    if loop is None:
        loop = asyncio.get_event_loop()
    return loop.run_in_executor(executor, target)
