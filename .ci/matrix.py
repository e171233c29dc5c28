"""Print the jobs of the public workflow for the environments of tox

Standard input is what "tox list --no-desc" prints; the output is "jobs=" and
JSON, with an environment, a Python and an operating system for each job.
"""

import json
import os
import re
import sys

# A release does not wait for those that nobody has seen pass.
OTHER_SYSTEMS = ([] if os.environ.get('GITHUB_REF_TYPE') == 'tag'
                 else ['macos-latest', 'windows-latest'])

jobs = []
for env in sys.stdin.read().split():
    if env in ('coverage', 'mutants'):
        # These take what other environments have left.
        continue
    match = re.fullmatch(r'(stubtest-|interop-)?py3(\d+)(t?)', env)
    if match:
        python = f'3.{match[2]}{match[3]}'
    else:
        python = {'pypy3': 'pypy-3.11', 'patch': '3.15'}.get(env, '3.13')
    # The last image that has a Python 3.7.
    systems = ['ubuntu-22.04']
    # Older Pythons are not made for the others any more.
    if match and not match[1] and int(match[2]) >= 10:
        systems += OTHER_SYSTEMS
    jobs += [{'env': env, 'python': python, 'os': system}
             for system in systems]
print('jobs=' + json.dumps(jobs))
