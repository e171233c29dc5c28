#!/usr/bin/env python3
"""Break each promise of the contract once and see a test fail.

Every breakage is a change of one place in asyncio_fgbg/, made in a copy; the
test that is named beside it must fail with it, and pass without.  A breakage
of what only some versions need is noticed by those.  The exit status is 1 if
a breakage was missed, and 2 if one no longer applies to the code.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile


ROOT = pathlib.Path(__file__).resolve().parent.parent

# Point of the contract, what is lost, old text, new text, the test.
BREAKAGES = [
    ('1', 'another public name',
     "'call_in_background')\n\nimport",
     "'call_in_background', 'gc')\n\nimport",
     'NamesTests.test_all_holds_the_three_names_and_nothing_else'),
    ('1', 'a positional loop',
     'def schedule_coroutine(target, *, loop=None)',
     'def schedule_coroutine(target, loop=None)',
     'NamesTests.test_schedule_coroutine_signature'),
    ('1', 'work at import time',
     "# Leaving: the", "events.set_event_loop(None)\n# Leaving: the",
     'NamesTests.test_import_makes_no_loop_thread_or_signal_handler'),
    ('1', 'something replaced in asyncio',
     "# Leaving: the", "events.get_event_loop = None\n# Leaving: the",
     'NamesTests.test_import_replaces_nothing_in_asyncio'),
    ('2.1', 'the running loop does not come first (before 3.14)',
     '    loop = events._get_running_loop()\n    if loop is not None and',
     '    loop = None\n    if loop is not None and',
     'DefaultLoopTests.test_running_loop_comes_first'),
    ('2.2', 'the loop that is set is not used',
     'loop = _current_loop()', 'loop = events._get_running_loop()',
     'DefaultLoopTests.test_set_loop_comes_second'),
    ('2.2', 'a closed loop is used',
     'if (loop is not None and not loop.is_closed()\n',
     'if (loop is not None\n',
     'DefaultLoopTests.test_works_after_the_loop_was_closed'),
    ('2.3', 'the new loop is not set',
     '    _own_loop = events.new_event_loop()\n'
     '    events.set_event_loop(_own_loop)\n',
     '    _own_loop = events.new_event_loop()\n',
     'DefaultLoopTests.test_new_loop_is_set_for_the_thread'),
    ('2.3', 'asyncio.run() ends the background',
     'if _own_loop is not None and not _own_loop.is_closed():\n'
     '        # asyncio',
     'if False:\n        # asyncio',
     'DefaultLoopTests.test_background_goes_on_after_asyncio_run'),
    ('2.4', 'another thread gets a loop',
     'if thread is not threading.main_thread():', 'if False:',
     'DefaultLoopTests.'
     'test_other_thread_gets_an_error_that_names_the_ways_out'),
    ('2', 'a rejected argument creates a loop',
     '    if held and futures._get_loop(task) is not loop:',
     '    loop = loop or _new_loop()\n'
     '    if held and futures._get_loop(task) is not loop:',
     'DefaultLoopTests.'
     'test_rejected_arguments_leave_nothing_in_a_fresh_interpreter'),
    ('3', 'a future is accepted',
     '        and not coroutines.iscoroutine(target)\n',
     '        and not inspect.isawaitable(target)\n',
     'ScheduleCoroutineTests.test_rejects_a_future_and_leaves_it_pending'),
    ('3', 'the message does not say what to do',
     "hint = ' (a coroutine function): call it to get a coroutine'",
     "hint = ''",
     'ScheduleCoroutineTests.'
     'test_rejects_a_coroutine_function_and_says_to_call_it'),
    ('3', 'the task factory is passed by',
     'task = loop.create_task(target)',
     'task = tasks.Task(target, loop=loop)',
     'ScheduleCoroutineTests.test_returns_what_the_task_factory_made'),
    ('3', 'a dropped task is not kept',
     '        kept.add(task)\n', '',
     'ScheduleCoroutineTests.'
     'test_reply_to_a_dropped_echo_client_is_not_lost'),
    ('3', 'a finished task is kept',
     '        task.add_done_callback(forget, context=context)\n', '',
     'ScheduleCoroutineTests.test_finished_task_is_let_go'),
    ('3', 'a finished eager task is kept (from 3.12 on)',
     'if not task.done():', 'if True:',
     'ScheduleCoroutineTests.'
     'test_task_that_an_eager_factory_finished_is_not_kept'),
    ('3', 'what is scheduled meanwhile is not kept',
     '_being_made.setdefault(', '(lambda loop, made: made)(',
     'ScheduleCoroutineTests.'
     'test_tasks_are_kept_that_a_signal_handler_or_finalizer_schedules'),
    ('3', 'what was scheduled meanwhile is not kept',
     "made = getattr(loop, '_fgbg_kept', made)", 'made',
     'ScheduleCoroutineTests.'
     'test_tasks_are_kept_that_a_signal_handler_or_finalizer_schedules'),
    ('3', 'the loop is slower from then on (3.11, 3.12, from 3.14 on)',
     'loop._fgbg_kept = made', 'vars(loop)["_fgbg_kept"] = made',
     'ScheduleCoroutineTests.test_loop_does_not_get_a_dict_of_its_attributes'),
    ('3', 'loops that were closed pile up',
     '        kept.add(task)\n',
     '        kept.add(task)\n'
     '        globals().setdefault("_all", []).append(kept)\n',
     'ScheduleCoroutineTests.'
     'test_closed_loops_with_pending_tasks_do_not_pile_up'),
    ('3', 'a loop of another thread is used',
     'if events._get_running_loop() is not loop and loop.is_running():',
     'if False:',
     'ScheduleCoroutineTests.test_rejects_a_loop_that_runs_in_another_thread'),
    ('4', 'a coroutine function is accepted',
     '        or target.__code__.co_flags & inspect.CO_COROUTINE\n', '',
     'CallInBackgroundTests.'
     'test_rejects_a_coroutine_function_and_names_schedule_coroutine'),
    ('4', 'a coroutine function in a partial is accepted',
     '    while issubclass(type(obj), functools.partial):\n'
     '        obj = obj.func\n',
     '    if isinstance(obj, functools.partial):\n        return False\n',
     'CallInBackgroundTests.test_rejects_a_coroutine_function_in_a_partial'),
    ('4', 'a call that ends with SystemExit never returns',
     '\n                and isinstance(future, tasks.Task)\n', '\n',
     'CallInBackgroundTests.test_system_exit_reaches_the_future'),
    ('4', 'the call starts when the loop runs',
     'future = loop.run_in_executor(\n'
     '            None, _run_in_context, contextvars.copy_context(), target)',
     'future = loop.create_future()\n'
     '        loop.call_soon(lambda: loop.run_in_executor(None, target))',
     'CallInBackgroundTests.test_call_starts_before_the_loop_runs'),
    ('4', 'the context of the caller is lost',
     'None, _run_in_context, contextvars.copy_context(), target)',
     'None, target)',
     'CallInBackgroundTests.'
     'test_default_executor_sees_the_context_of_the_caller'),
    ('4', 'an explicit executor gets a wrapper',
     'loop.run_in_executor(executor, target)',
     'loop.run_in_executor('
     'executor, _run_in_context, contextvars.copy_context(), target)',
     'CallInBackgroundTests.test_explicit_executor_gets_the_target_itself'),
    ('4', 'StopIteration leaves the future pending (before 3.12.2, PyPy)',
     '    fgbg._run_in_context = _run_in_context\n', '',
     'CallInBackgroundTests.'
     'test_stop_iteration_reaches_the_future_as_runtime_error'),
    ('5', 'an awaitable is rejected',
     ' or inspect.isawaitable(task)):', '):',
     'RunInForegroundTests.test_runs_any_awaitable'),
    ('5', 'a future is taken for a coroutine (from 3.10 on)',
     'is_coroutine = type(task) is types.CoroutineType',
     'is_coroutine = coroutines.iscoroutine(task)',
     'RunInForegroundTests.test_future_that_looks_like_a_coroutine'),
    ('5', 'a nested call schedules its coroutine',
     '    if events._get_running_loop() is not None:\n',
     '    if events._get_running_loop() is not None:\n'
     '        tasks.ensure_future(task)\n',
     'RunInForegroundTests.test_coroutine_that_is_refused_does_not_run'),
    ('5', 'a loop of another thread is run',
     '    if loop is not None and loop.is_running():\n', '    if False:\n',
     'RunInForegroundTests.test_refuses_a_loop_that_runs_in_another_thread'),
    ('5', 'a future of another loop is run',
     '    if held and futures._get_loop(task) is not loop:\n',
     '    if False:\n',
     'RunInForegroundTests.test_rejects_a_future_of_another_loop'),
    ('5', 'the loop is closed',
     '    if sigint.interrupted:\n        raise KeyboardInterrupt\n    return',
     '    loop.close()\n    return',
     'RunInForegroundTests.test_loop_stays_open'),
    ('5', 'an exit that was raised is logged too',
     '            _mark_retrieved(exc)\n', '            pass\n',
     'RunInForegroundTests.test_system_exit_that_was_raised_is_not_logged'),
    ('5', 'an exit of a background task is logged too',
     '            _mark_retrieved(exc)\n',
     '            if future._exception is exc:\n'
     '                future.exception()\n',
     'RunInForegroundTests.'
     'test_exit_of_a_background_task_that_was_raised_is_not_logged'),
    ('5', 'an exit of a background task stops the next wait',
     '        finally:\n            self.over = True\n', '',
     'RunInForegroundTests.'
     'test_exit_in_the_last_moment_does_not_stop_the_next_wait'),
    ('5', 'what is not done is lost',
     '            kept.add(future)\n', '            pass\n',
     'CtrlCTests.test_task_that_nobody_else_holds_is_not_lost'),
    ('5', 'what was not done is kept for ever',
     '            future.add_done_callback(forget)\n', '',
     'CtrlCTests.test_future_that_was_left_pending_is_let_go'),
    ('6', 'a future that knows no contexts loses a Ctrl-C',
     '            future.add_done_callback(forget)\n',
     '            future.add_done_callback(forget, context=None)\n',
     'CtrlCTests.test_future_that_knows_no_contexts_is_left_pending'),
    ('6', 'Ctrl-C is left to Python',
     '_signal.signal(_signal.SIGINT, self)\n', 'pass\n',
     'CtrlCTests.test_other_tasks_see_nothing'),
    ('6', 'the coroutine is not cancelled',
     'self.cancels = cancels', 'pass',
     'CtrlCTests.test_coroutine_is_cancelled_and_cleans_up'),
    ('6', 'a task of the caller is cancelled',
     'self.cancels = cancels', 'self.cancels = True',
     'CtrlCTests.test_task_is_left_pending_and_can_be_run_again'),
    ('6', 'Ctrl-C is lost when the coroutine returns',
     '    if sigint.interrupted:\n        raise KeyboardInterrupt\n    return',
     '    return',
     'CtrlCTests.test_coroutine_that_returns_all_the_same_is_interrupted'),
    ('6', 'Ctrl-C raises in a callback',
     '            self.interrupted = True\n            self.loop',
     '            self.interrupted = True\n'
     '            raise KeyboardInterrupt\n            self.loop',
     'CtrlCTests.test_no_callback_is_lost'),
    ('6', 'a coroutine stays when the loop was stopped as well',
     '        if self.cancels:\n',
     '        if self.cancels and not self.over:\n',
     'CtrlCTests.test_coroutine_is_cancelled_though_the_loop_was_stopped'),
    ('6', 'a coroutine stays when a second Ctrl-C hits something else',
     '        if self.cancels:\n',
     '        if self.cancels and not self.struck:\n',
     'CtrlCTests.test_second_ctrl_c_elsewhere_leaves_no_coroutine_behind'),
    ('6', 'a second Ctrl-C is ignored',
     '            self.struck = True\n            raise KeyboardInterrupt\n',
     '            pass\n',
     'CtrlCTests.'
     'test_second_ctrl_c_raises_at_once_in_code_that_does_not_await'),
    ('6', 'a second Ctrl-C hits the start of the event loop',
     'elif events._get_running_loop() is not None:', 'else:',
     'CtrlCTests.test_second_ctrl_c_waits_until_the_loop_runs'),
    ('6', 'the handler stays',
     '    _signal.signal(_signal.SIGINT, _signal.default_int_handler)\n',
     '    pass\n',
     'CtrlCTests.test_handler_is_gone_after_the_call'),
    ('6', 'a handler of somebody else is replaced',
     '\n            and (_signal.getsignal(_signal.SIGINT)\n'
     '                 is _signal.default_int_handler)\n', '\n',
     'CtrlCTests.test_handler_of_somebody_else_is_not_replaced'),
    ('6', 'a handler that was set meanwhile is lost',
     'if _signal.getsignal(_signal.SIGINT) is sigint:', 'if True:',
     'CtrlCTests.test_handler_that_was_set_during_the_call_is_kept'),
    ('6', 'an interpreter without signals is of no use',
     'except ValueError:\n                # Signals',
     'except ZeroDivisionError:\n                # Signals',
     'CtrlCTests.test_interpreter_without_signals_works_without_a_handler'),
    ('7', 'tasks are not cancelled at exit',
     '        if not cancelled:\n', '        if True:\n',
     'LeavingTests.test_pending_tasks_are_cancelled_and_clean_up'),
    ('7', 'calls that the collector does not list are not waited for',
     'calls = [ref() for ref in list(kept) if isinstance(ref, weakref.ref)]',
     'calls = [ref() for ref in list(kept) if isinstance(ref, weakref.ref)'
     ' and any(obj is ref() for obj in gc.get_objects())]',
     'LeavingTests.'
     'test_call_is_waited_for_though_the_collector_does_not_list_it'),
    ('7', 'calls whose futures are in Python are not waited for',
     'calls = [ref() for ref in list(kept) if isinstance(ref, weakref.ref)]',
     'calls = [ref() for ref in list(kept) if isinstance(ref, weakref.ref)'
     ' and isinstance(ref(), futures.Future)]',
     'LeavingTests.test_call_is_waited_for_though_its_future_is_in_python'),
    ('7', 'tasks of the cleanup are not cancelled',
     '    while True:\n        cancelled',
     '    for _ in 1,:\n        cancelled',
     'LeavingTests.test_tasks_that_a_cleanup_starts_are_ended_too'),
    ('7', 'a stopped loop stops the cleanup',
     'except (SystemExit, RuntimeError):', 'except SystemExit:',
     'LeavingTests.test_loop_that_is_stopped_does_not_stop_the_cleanup'),
    ('7', 'cleanup comes too late for executors',
     '    _wind_down(_end_calls)\n', '    pass\n',
     'LeavingTests.test_cleanup_can_call_the_executor'),
    ('7', 'calls are left behind',
     '        _run(loop, tasks.wait(calls))\n', '        pass\n',
     'LeavingTests.test_call_in_an_explicit_executor_is_waited_for'),
    ('7', 'asynchronous generators are not closed',
     '    _run(loop, loop.shutdown_asyncgens())\n', '    pass\n',
     'LeavingTests.test_asynchronous_generators_are_closed'),
    ('7', 'servers and connections are not closed',
     '        end.close()\n        await', '        await',
     'LeavingTests.test_servers_and_connections_are_closed'),
    ('7', 'a subprocess sees that its pipes are closed',
     'transports.SubprocessTransport), reverse=True)',
     'transports.SubprocessTransport))',
     'LeavingTests.test_subprocess_is_killed_before_its_pipes_are_closed'),
    ('7', 'a bad transport keeps the others open',
     '        except Exception as exc:\n            _report(loop, exc)\n',
     '        except ZeroDivisionError:\n            pass\n',
     'LeavingTests.test_bad_transport_does_not_keep_others_open'),
    ('7', 'the loop is not closed',
     '        _own_loop.close()\n', '        pass\n',
     'LeavingTests.test_loop_is_closed_after_later_atexit_callbacks'),
    ('7', 'the loop is closed too early (from 3.9 on)',
     '    _wind_down(_end_calls)\n', '    _close_loop()\n',
     'LeavingTests.test_loop_is_closed_after_later_atexit_callbacks'),
    ('7', 'the loop of somebody else is closed',
     '    loop = _find_loop(loop)\n    if loop is not None and',
     '    global _own_loop\n    loop = _own_loop = _find_loop(loop)\n'
     '    _register_hooks()\n    if loop is not None and',
     'LeavingTests.test_loop_of_somebody_else_is_not_closed'),
    ('7', 'a forked child cleans up for its parent (before 3.14)',
     '        os.register_at_fork(after_in_child=_disown)\n', '        pass\n',
     'LeavingTests.test_forked_child_leaves_cleanup_to_its_parent'),
    ('7', 'a forked child uses the loop of its parent',
     '    _inherited[_own_loop] = selector\n    _own_loop = None\n',
     '    return\n',
     'LeavingTests.test_forked_child_gets_a_loop_of_its_own'),
    ('7', 'a call cannot use the executor any more',
     'if executor is None or isinstance(executor,\n',
     'if isinstance(executor,\n',
     'LeavingTests.test_call_that_runs_can_call_the_executor'),
    ('7', 'a forked child finalizes what its parent has (from 3.11 on)',
     '        kept.append(kept)\n', '        del kept\n',
     'LeavingTests.test_forked_child_finalizes_nothing_of_its_parent'),
    ('7', 'a forked child that runs the loop of its parent is given it',
     '    if loop is not None and loop not in _inherited:\n',
     '    if loop is not None:\n',
     'LeavingTests.'
     'test_forked_child_that_runs_its_parents_loop_gets_another'),
    ('7', 'a forked child deafens its parent',
     '        _own_loop._selector = type(selector)()\n', '        pass\n',
     'LeavingTests.'
     'test_forked_child_that_closes_a_connection_leaves_its_parents'),
]


def run_test(package_parent, name):
    """Return whether the test *name* passes with the package that is there."""
    process = subprocess.Popen(
        [sys.executable, '-X', 'dev', '-W', 'error', '-m', 'unittest',
         f'test_fgbg.{name}'],
        cwd=ROOT / 'Lib_tests',
        env=dict(os.environ, PYTHONPATH=str(package_parent),
                 FGBG_PATIENCE='1'),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait(30) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        # What is broken may hang, and so may what it has started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def check_unbroken():
    names = sorted({test for *_, test in BREAKAGES})
    broken = [name for name in names if not run_test(ROOT, name)]
    if broken:
        sys.exit(f'these tests fail without any breakage: {broken}')


def break_once(old, new):
    """Return a folder with a broken copy of the package, None if it is not."""
    folder = tempfile.mkdtemp()
    package = pathlib.Path(folder, 'asyncio_fgbg')
    shutil.copytree(ROOT / 'asyncio_fgbg', package,
                    ignore=shutil.ignore_patterns('__pycache__'))
    for path in package / 'fgbg.py', package / '_compat.py':
        source = path.read_text()
        if source.count(old) == 1:
            path.write_text(source.replace(old, new))
            return folder
    shutil.rmtree(folder)
    return None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--point', help='only the breakages of this point')
    args = parser.parse_args()
    check_unbroken()
    missed = stale = 0
    for point, loss, old, new, test in BREAKAGES:
        if args.point not in (None, point):
            continue
        folder = break_once(old, new)
        if folder is None:
            verdict, stale = 'STALE', stale + 1
        elif run_test(folder, test):
            verdict, missed = 'MISSED', missed + 1
        else:
            verdict = 'caught'
        if folder is not None:
            shutil.rmtree(folder)
        print(f'{verdict:7} {point:4} {loss}: {test}', flush=True)
    print(f'{missed} missed, {stale} stale')
    return 2 if stale else 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
