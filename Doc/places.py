"""The directive "places": what the interop tests saw, from howto/places.json.

Its arguments are groups of places, such as "prompt notebook".  The run of the
tests writes the file: see Doc/contributing.rst.
"""

import json
import pathlib

from sphinx.util.docutils import SphinxDirective

RECORDS = pathlib.Path(__file__).resolve().parent / 'howto' / 'places.json'
COLUMNS = {
    'run_in_foreground': 'run',
    'schedule_coroutine': 'schedule',
    'call_in_background': 'call',
    'await': '``await``',
    'progress': 'goes on at the prompt',
    'ctrl_c': ':kbd:`Ctrl-C`',
    'exit': 'cleanup at exit',
}


def merge(records):
    """Put together what was seen alike with several versions of Python."""
    merged = {}
    for record in records:
        key = record['place'], record['version'], str(record['seen'])
        if record['version'].startswith(record['python'] + '.'):
            key = record['place'], '', str(record['seen'])   # it is Python's
        merged.setdefault(key, []).append(record)
    for (place, version, _), alike in merged.items():
        pythons = ', '.join(record['python'] for record in alike)
        yield (place, f'{version} on {pythons}' if version else pythons,
               alike[0]['seen'])


def list_table(rows):
    """Yield the lines of a table whose first row is its head."""
    yield from ['.. list-table::', '   :header-rows: 1',
                '   :class: places', '']
    for row in rows:
        for index, cell in enumerate(row):
            yield f'   {" " if index else "*"} - {cell}'
    yield ''


class Places(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        self.env.note_dependency(str(RECORDS))
        rows, figures = [], []
        groups = self.arguments[0].split()
        records = [record for record in json.loads(RECORDS.read_text())
                   if record['group'] in groups]
        if not records:
            raise self.error(f'no places are known of {groups}')
        for place, version, seen in merge(sorted(
                records, key=lambda record: groups.index(record['group']))):
            # As a literal, it keeps its quotes and hyphens.
            place = f'``{place}``'
            rows.append([place, version,
                         *(seen.get(column, '--') for column in COLUMNS)])
            figures += [[place, version, name, value]
                        for name, value in seen.items() if name not in COLUMNS]
        lines = list_table([['Place', 'Version', *COLUMNS.values()], *rows])
        text = '\n'.join(lines)
        if figures:
            text += '\n' + '\n'.join(list_table(
                [['Place', 'Version', 'What', 'Seen'], *figures]))
        return self.parse_text_to_nodes(text)


def setup(app):
    app.add_directive('places', Places)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
