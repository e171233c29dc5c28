"""Add up what the environments of a tox run reported"""

import argparse
import json
import pathlib
import sys
import xml.etree.ElementTree


class Problem(Exception):
    pass


def main():
    parser = argparse.ArgumentParser(
        description='Print "N passed, N failed" for runs of tox. A test '
                    'environment counts each of its tests, any other counts '
                    'as one. An environment that did not run, that failed '
                    'with all of its tests passed, or that ran no test counts '
                    'as one that failed. Exit status 1 means that something '
                    'failed, 2 that the reports cannot be read.',
    )
    parser.add_argument('tox_dir', type=pathlib.Path,
                        help='a folder with result*.json, written by tox '
                             '--result-json, and with an ENV/junit.xml for '
                             'each test environment')
    parser.add_argument('env', nargs='+', help='an environment that must pass')
    args = parser.parse_args()
    try:
        passed, failed = count(args.tox_dir, args.env)
    except Problem as exc:
        print(f'count_tests: {exc}', file=sys.stderr)
        sys.exit(2)
    print(f'{passed} passed, {failed} failed')
    sys.exit(failed > 0)


def count(tox_dir, envs):
    reports = {}
    for path in tox_dir.glob('result*.json'):
        try:
            testenvs = json.loads(path.read_text())['testenvs']
        except (OSError, ValueError, KeyError) as exc:
            raise Problem(f'{path} is no result of tox: {exc}') from None
        reports.update((env, report['result'])
                       for env, report in testenvs.items()
                       if 'result' in report)
    if not reports:
        raise Problem(f'there is no result of tox in {tox_dir}')
    all_passed = all_failed = 0
    for env in envs:
        report = reports.get(env, {})
        passed, failed, skipped = 0, 0, 0
        if env.startswith(('py', 'interop', 'windows')):
            passed, failed, skipped = count_junit(tox_dir / env / 'junit.xml')
        elif report.get('success'):
            passed = 1
        if not failed and not (report.get('success') and passed):
            failed = 1
        print(f'{env:>14}: {passed:4} passed, {failed} failed, '
              f'{skipped} skipped, {report.get("duration", 0):4.0f} s')
        all_passed += passed
        all_failed += failed
    return all_passed, all_failed


def count_junit(path):
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except FileNotFoundError:
        return 0, 0, 0
    except xml.etree.ElementTree.ParseError as exc:
        raise Problem(f'{path}: {exc}') from None
    totals = {'tests': 0, 'failures': 0, 'errors': 0, 'skipped': 0}
    for suite in root.iter('testsuite'):
        for name in totals:
            totals[name] += int(suite.get(name))
    failed = totals['failures'] + totals['errors']
    skipped = totals['skipped']
    return totals['tests'] - failed - skipped, failed, skipped


if __name__ == '__main__':
    main()
