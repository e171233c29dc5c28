"""A command of click's that waits for a coroutine"""

import asyncio

import click

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from interop.support.work import clean_up, wait


@click.command()
def main():
    task = schedule_coroutine(asyncio.sleep(0, 43))
    click.echo(f'call: {run_in_foreground(call_in_background(lambda: 42))}')
    click.echo(f'task: {run_in_foreground(task)}')
    schedule_coroutine(clean_up())
    run_in_foreground(wait())


main()
