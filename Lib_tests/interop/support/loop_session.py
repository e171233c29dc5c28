"""What a user does on another event loop, at a terminal

Started with the module of the event loop and with how it comes into use:
"policy", "factory" or "loop".
"""

import asyncio
import importlib
import sys
import warnings

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from interop.support.work import clean_up, wait


def play(**loop):
    async def await_call():
        return await call_in_background(lambda: 44)

    print('run_in_foreground:',
          run_in_foreground(asyncio.sleep(0, 42), **loop))
    task = schedule_coroutine(asyncio.sleep(0, 43), **loop)
    print('schedule_coroutine:', run_in_foreground(task, **loop))
    call = call_in_background(lambda: 44, **loop)
    print('call_in_background:', run_in_foreground(call, **loop))
    print('await:', run_in_foreground(await_call(), **loop))
    print('loop:', type(task.get_loop()).__module__)
    left = schedule_coroutine(clean_up(), **loop)
    try:
        run_in_foreground(wait(), **loop)
    except KeyboardInterrupt:
        print('interrupted')
    print('left alone:', not left.done(), flush=True)
    return left


def main():
    name, how = sys.argv[1:]
    module = importlib.import_module(name)
    if how == 'policy':
        with warnings.catch_warnings():
            # They go with Python 3.16.
            warnings.simplefilter('ignore', DeprecationWarning)
            policy = module.EventLoopPolicy()
            asyncio.set_event_loop_policy(policy)
        play()
    elif how == 'factory':
        with asyncio.Runner(loop_factory=module.new_event_loop) as runner:
            asyncio.set_event_loop(runner.get_loop())
            play()
    else:
        loop = module.new_event_loop()
        left = play(loop=loop)
        left.cancel()       # who makes an event loop ends it
        run_in_foreground(asyncio.wait([left]), loop=loop)
        loop.close()


if __name__ == '__main__':
    main()
