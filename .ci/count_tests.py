"""Add up what the environments of tox reported: "N passed, N failed"

    count_tests.py FOLDER ENV...

FOLDER has result*.json, which tox --result-json wrote, and ENV/junit.xml for
each environment that runs tests; any other counts as one.  An environment
that was skipped, for want of a Python, does not count.  One that did not run,
that failed though all of its tests passed, or that ran no test has failed.
Exit status 1 means that something failed.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree


def main():
    folder, envs = pathlib.Path(sys.argv[1]), sys.argv[2:]
    all_passed = all_failed = 0
    try:
        reports = {}
        for path in folder.glob('result*.json'):
            reports.update((env, report['result']) for env, report in
                           json.loads(path.read_text())['testenvs'].items()
                           if 'result' in report)
        for env in envs:
            report = reports.get(env, {})
            if report.get('skipped'):
                print(f'{env:>14}: skipped, there is no Python for it')
                continue
            passed = failed = skipped = 0
            if env.startswith(('py', 'interop', 'windows')):
                passed, failed, skipped = count(folder / env / 'junit.xml')
            elif report.get('success'):
                passed = 1
            if not failed and not (report.get('success') and passed):
                failed = 1
            print(f'{env:>14}: {passed:4} passed, {failed} failed, '
                  f'{skipped} skipped, {report.get("duration", 0):4.0f} s')
            all_passed += passed
            all_failed += failed
    except (OSError, ValueError, KeyError, SyntaxError) as exc:
        print(f'count_tests: {exc!r}', file=sys.stderr)
        all_failed += 1
    print(f'{all_passed} passed, {all_failed} failed')
    sys.exit(all_failed > 0)


def count(junit):
    if not junit.exists():
        return 0, 0, 0
    suites = list(xml.etree.ElementTree.parse(junit).iter('testsuite'))
    tests, failures, errors, skipped = (
        sum(int(suite.get(name)) for suite in suites)
        for name in ('tests', 'failures', 'errors', 'skipped'))
    return tests - failures - errors - skipped, failures + errors, skipped


if __name__ == '__main__':
    main()
