"""The directive "promises": which tests show which promise of the contract.

Each test class shows one promise.  Its docstring begins with the number of
the section of the contract and the promise as a sentence, such as
"5. Whatever ends the wait, what only this call holds is cancelled."  The
content of the directive is the list of sections, "NUMBER. TITLE" each.
"""

import ast
import pathlib
import re

from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

TESTS = pathlib.Path(__file__).resolve().parent.parent / 'Lib_tests'
FOLDERS = 'test_asyncio', 'test_backport'

logger = logging.getLogger(__name__)


def find_promises(path):
    """Yield section, promise, class and tests of each class in the file."""
    classes = {node.name: node for node in ast.parse(path.read_bytes()).body
               if isinstance(node, ast.ClassDef)}

    def find_tests(name):
        if name in classes:
            for base in classes[name].bases:
                yield from find_tests(getattr(base, 'id', None))
            for node in classes[name].body:
                if getattr(node, 'name', '').startswith('test'):
                    yield node.name

    for name, node in classes.items():
        first = (ast.get_docstring(node) or '').partition('\n\n')[0]
        match = re.match(r'(\d)\. (.+)', ' '.join(first.split()))
        if match:
            yield match[1], match[2], name, list(dict.fromkeys(
                find_tests(name)))


def describe(test):
    return test.replace('test_', '', 1).replace('_', ' ')


def escape(text):
    return re.sub(r'([\\*`|_])', r'\\\1', text)


class Promises(SphinxDirective):
    has_content = True

    def run(self):
        rows = {}       # those of the table of each section
        total = 0
        for folder in FOLDERS:
            for path in sorted((TESTS / folder).glob('test_*.py')):
                self.env.note_dependency(str(path))
                for section, promise, name, tests in find_promises(path):
                    total += len(tests)
                    rows.setdefault(section, []).append(
                        f'   * - {escape(promise)}\n'
                        f'     - ``{folder}.{path.stem}.{name}``: '
                        f'{escape("; ".join(map(describe, tests)))}\n')
        text = []
        for line in self.content:
            section = line.partition('.')[0]
            if section in rows:
                text += [f'.. list-table:: {line}\n   :widths: 40 60\n'
                         '   :header-rows: 1\n   :class: promises\n\n'
                         '   * - Promise\n     - Tests\n', *rows[section]]
            else:
                logger.warning('no test class shows section %s', line,
                               type='promises', location=self.get_location())
        number = sum(map(len, rows.values()))
        text.append(f'\n{number} promises, {total} tests.\n')
        return self.parse_text_to_nodes('\n'.join(text))


def setup(app):
    app.add_directive('promises', Promises)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
