"""Print the jobs of the public workflow, as JSON: tox's environments"""

import argparse
import json
import re
import sys


def main():
    argparse.ArgumentParser(
        description='Read environments as "tox list --no-desc" prints them, '
                    'and print "jobs=" and what the matrix of jobs includes: '
                    'an environment, a Python and an operating system each.',
    ).parse_args()
    print('jobs=' + json.dumps(list(find_jobs(sys.stdin.read().split()))))


def find_jobs(envs):
    for env in envs:
        if env in ('coverage', 'mutants'):
            # These take what other environments have left.
            continue
        match = re.fullmatch(r'(stubtest-|interop-)?py3(\d+)(t?)', env)
        if match:
            python = f'3.{match[2]}{match[3]}'
        else:
            python = {'pypy3': 'pypy-3.11', 'patch': '3.15'}.get(env, '3.13')
        # The last image that has a Python 3.7.
        yield {'env': env, 'python': python, 'os': 'ubuntu-22.04'}
        # Older ones are not made for these any more.
        if match and not match[1] and int(match[2]) >= 10:
            for system in 'macos-latest', 'windows-latest':
                yield {'env': env, 'python': python, 'os': system}


if __name__ == '__main__':
    main()
