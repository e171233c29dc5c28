"""Build the sdist and the wheel and check what is in them

Both are built from a copy of the files that git knows or would add, so that
nothing left over from another build gets in.
"""

import argparse
import email
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PROJECT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = 'asyncio_fgbg'


class Problem(Exception):
    pass


def main():
    argparse.ArgumentParser(
        description='Build the sdist and the wheel of asyncio_fgbg in a '
                    'temporary folder and check what is in them. Exit status '
                    '2 means that something is missing, superfluous or wrong.',
    ).parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            check(pathlib.Path(folder))
    except Problem as exc:
        print(f'check_dist: {exc}', file=sys.stderr)
        sys.exit(2)


def check(folder):
    sources = list_sources()
    for name in sources:
        target = folder / 'src' / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, target)
    output = run('-m', 'build', '--outdir', folder / 'dist', folder / 'src')
    if 'Deprecat' in output:
        line = next(ln for ln in output.splitlines() if 'Deprecat' in ln)
        raise Problem(f'the build warns of something deprecated: {line}')
    run('-m', 'twine', 'check', '--strict', *(folder / 'dist').iterdir())
    check_sdist(folder / 'dist', sources)
    check_wheel(folder / 'dist', sources)


def list_sources():
    command = ['git', 'ls-files', '-z', '--cached', '--others',
               '--exclude-standard']
    try:
        output = subprocess.run(command, cwd=PROJECT, check=True,
                                stdout=subprocess.PIPE).stdout.decode()
    except (OSError, subprocess.CalledProcessError) as exc:
        raise Problem(f'git does not list the files: {exc}') from None
    return sorted(name for name in output.split('\0')
                  if name and (PROJECT / name).exists())


def run(*arguments):
    result = subprocess.run([sys.executable, *arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            universal_newlines=True)
    if result.returncode:
        print(result.stdout, file=sys.stderr)
        raise Problem(f'python -m {arguments[1]} failed, see above')
    return result.stdout


def check_sdist(dist, sources):
    path, = dist.glob('*.tar.gz')
    root = path.name[:-len('.tar.gz')] + '/'
    with tarfile.open(path) as sdist:
        names = [member.name[len(root):] for member in sdist.getmembers()
                 if member.isfile()]
    made = {'PKG-INFO'}.union(
        name for name in names if name.startswith(f'{PACKAGE}.egg-info/'))
    # Hidden files are for the repository and its hosts.
    expected = {name for name in sources if not name.startswith('.')}
    compare(path.name, set(names) - made, expected, 'add it to MANIFEST.in')


def check_wheel(dist, sources):
    path, = dist.glob('*.whl')
    if not path.name.endswith('-py3-none-any.whl'):
        raise Problem(f'{path.name} is not a pure wheel')
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        info, = {name.split('/')[0] for name in names
                 if name.split('/')[0].endswith('.dist-info')}
        metadata = email.message_from_bytes(wheel.read(f'{info}/METADATA'))
    made = {f'{info}/{name}' for name in (
        'METADATA', 'RECORD', 'WHEEL', 'licenses/LICENSE', 'top_level.txt')}
    expected = {name for name in sources if name.startswith(f'{PACKAGE}/')}
    compare(path.name, names, expected | made, 'see package_data in setup.cfg')
    needed = [requirement for requirement in metadata.get_all('Requires-Dist')
              if 'extra ==' not in requirement]
    if needed:
        raise Problem(f'{path.name} has a run-time dependency: {needed[0]}')
    for field, value in (('Requires-Python', '>=3.7'),
                         ('License-Expression', 'PSF-2.0')):
        if metadata[field] != value:
            raise Problem(f'{path.name} has {field} {metadata[field]}, '
                          f'not {value}')


def compare(name, actual, expected, hint):
    for missing in sorted(expected - actual):
        raise Problem(f'{name} lacks {missing}: {hint}')
    for superfluous in sorted(actual - expected):
        raise Problem(f'{name} has {superfluous}, which does not belong there')


if __name__ == '__main__':
    main()
