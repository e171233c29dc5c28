"""The directive "promises": which tests show which promise of the contract.

Its argument is a file that has the sections of contract.rst, and beneath each
the test classes that show it, "FILE: CLASS CLASS ...".  The promise is the
first sentence of the class's docstring.
"""

import ast
import pathlib
import re

from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

TESTS = pathlib.Path(__file__).resolve().parent.parent / 'Lib_tests'
FOLDERS = 'test_asyncio', 'test_backport', 'model', 'storm', 'exits'

logger = logging.getLogger(__name__)


def find_test_classes(path):
    """Yield the name, promise and tests of each test class of a file."""
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
        tests = list(dict.fromkeys(find_tests(name)))
        if (first or tests) and is_test_case(name):
            yield name, ' '.join(first.split()), tests


def read_sections(path):
    """Yield the title of each section, and a list of its "FILE.CLASS"."""
    text = re.sub('^#.*', '', path.read_text('utf-8'), flags=re.MULTILINE)
    for section in re.split(r'\n(?=\S)', text.strip()):
        title, *lines = section.splitlines()
        files = (line.strip().partition(':') for line in lines)
        yield title, [f'{file}.{name}' for file, _, names in files
                      for name in names.split()]


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
    required_arguments = 1

    def run(self):
        _, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(path)
        rows, total = {}, 0     # the row of each class
        for folder in FOLDERS:
            for test in sorted((TESTS / folder).glob('test_*.py')):
                self.env.note_dependency(str(test))
                for name, promise, tests in find_test_classes(test):
                    total += len(tests)
                    key = f'{test.stem}.{name}'
                    if not promise:
                        self.warn(f'{key} has no docstring')
                    rows[key] = make_row(promise, f'{folder}.{key}', tests)
        text = [f'{len(rows)} promises, {total} tests:', '']
        for title, keys in read_sections(pathlib.Path(path)):
            if not keys:
                self.warn(f'no test class shows section {title}')
            number = title.partition('.')[0]
            text += [escape(title), '^' * 79, '',
                     f':ref:`What the contract says <contract-{number}>`', '',
                     '.. list-table::',
                     '   :widths: 45 55', '   :header-rows: 1',
                     '   :class: promises', '', '   * - Promise',
                     '     - Tests']
            for key in keys:
                if key in rows:
                    text.append(rows.pop(key))
                else:
                    self.warn(f'there is no {key}, or it is here twice')
        for key in rows:
            self.warn(f'{self.arguments[0]} has no section for {key}')
        return self.parse_text_to_nodes('\n'.join(text),
                                        allow_section_headings=True)

    def warn(self, text):
        logger.warning(text, type='promises', location=self.get_location())


def setup(app):
    app.add_directive('promises', Promises)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
