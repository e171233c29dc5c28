import asyncio

import nest_asyncio

nest_asyncio.apply()


async def double(number):
    await asyncio.sleep(0)
    return 2 * number


async def main():
    loop = asyncio.get_running_loop()
    print(loop.run_until_complete(double(21)))


asyncio.run(main())
