# python -m pip install . notebook

# %%
import asyncio
from asyncio_fgbg import call_in_background, schedule_coroutine

async def countdown(number):
    while number:
        print(number)
        number -= 1
        await asyncio.sleep(0.1)
    return 'go'

start = schedule_coroutine(countdown(2))
total = call_in_background(lambda: sum(range(1000)))

# %%
print(await total)
#> 499500

# %%
print(await start)
#> go
