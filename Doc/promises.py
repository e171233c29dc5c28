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
    """Yield section, promise, name and tests of each test class of a file."""
    classes = {node.name: node for node in ast.parse(path.read_bytes()).body
               if isinstance(node, ast.ClassDef)}

    def get_bases(name):
        return map(ast.unparse, classes[name].bases) if name in classes else ()

    def is_test_case(name):
        return name.endswith('TestCase') or any(
            map(is_test_case, get_bases(name)))

    def find_tests(name):
        for base in get_bases(name):
            yield from find_tests(base)
        for node in classes[name].body if name in classes else ():
            if getattr(node, 'name', '').startswith('test'):
                yield node.name

    for name, node in classes.items():
        first = (ast.get_docstring(node) or '').partition('\n\n')[0]
        match = re.match(r'(\d)\. (.+)', ' '.join(first.split()))
        if match and is_test_case(name):
            tests = list(dict.fromkeys(find_tests(name)))
            yield match[1], match[2], name, tests


ROW = """\
   * - {}
     - ``{}``

       .. raw:: html

          <details><summary>Tests: {}</summary>

       | {}

       .. raw:: html

          </details>

"""


def make_row(promise, name, tests):
    return ROW.format(escape(promise), name, len(tests),
                      '\n       | '.join(map(escape, tests)))


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
                    rows.setdefault(section, []).append(make_row(
                        promise, f'{folder}.{path.stem}.{name}', tests))
        text = []
        for line in self.content:
            section = line.partition('.')[0]
            if section in rows:
                text += [escape(line), '^' * 79, '', '.. list-table::',
                         '   :widths: 45 55', '   :header-rows: 1',
                         '   :class: promises', '', '   * - Promise',
                         '     - Tests', *rows[section]]
            else:
                logger.warning('no test class shows section %s', line,
                               type='promises', location=self.get_location())
        number = sum(map(len, rows.values()))
        text[:0] = [f'{number} promises, {total} tests:', '']
        return self.parse_text_to_nodes('\n'.join(text),
                                        allow_section_headings=True)


def setup(app):
    app.add_directive('promises', Promises)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
