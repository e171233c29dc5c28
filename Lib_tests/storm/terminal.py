"""Type Ctrl-C at random moments at a prompt on a terminal that waits"""

import ast
import collections
import random
import time

from support.paths import PYTHONPATH
from support.prompt_home import NEW_PROMPT, Home
from support.prompt_session import ENTER, Session

WAITS = 50          # from one settling of accounts to the next
LONGEST = 0.004     # seconds before a Ctrl-C


def storm_at_prompt(number, *, seed, loop='asyncio'):
    """Press Ctrl-C *number* times; return what Sender.send() does."""
    moments = random.Random(seed)
    with Home(new=NEW_PROMPT, PYTHONPATH=PYTHONPATH) as home, \
            Session(home, '-q', '-m', 'asyncio_fgbg',
                    new=NEW_PROMPT) as prompt:
        prompt.wait_for_imports()
        prompt.run('from storm.session import Storm, make_loop')
        prompt.run(f'storm = Storm(make_loop({loop!r}), seed={seed})')
        for count in range(1, number + 1):
            prompt.press('storm.wait_at_prompt()', ENTER)
            prompt.wait_for('storm waits')
            time.sleep(LONGEST * moments.random())
            prompt.interrupt()
            if count % WAITS == 0:
                prompt.run('storm.settle(); storm.start()')
        prompt.run('storm.close()')
        losses = ast.literal_eval(prompt.run('dict(storm.losses)'))
        notes = ast.literal_eval(prompt.run('storm.notes'))
        farewell, _ = prompt.leave()
    return ({'Ctrl-C typed': number}, collections.Counter(losses),
            notes + [farewell] * bool(farewell))
