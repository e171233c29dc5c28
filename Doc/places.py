"""The directive "places": what the interop tests saw, from howto/places.json.

Its argument is a group of places, such as "prompt".  The run of the tests
writes the file: see Doc/contributing.rst.
"""

import json
import pathlib
from itertools import starmap

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


def add(rows, seen, record):
    """Note in *rows* that the place of *record* is one where *seen* was so."""
    version, python = record['version'], record['python']
    if version.startswith(f'{python}.'):
        version = ''        # it is Python's
    versions = rows.setdefault(seen, {}).setdefault(record['place'], {})
    versions.setdefault(version, []).append(python)


def get_cells(rows):
    """Yield the cells of each row; the first names the places."""
    for seen, places in rows.items():
        yield ['\n'.join(starmap(show_place, places.items())), *seen]


def show_place(place, versions):
    """Return a line with a place and its versions."""
    # As a literal, it keeps its quotes and hyphens.
    return f'| ``{place}`` ' + ', '.join(
        (f'{version} on ' if version else '') + '/'.join(pythons)
        for version, pythons in versions.items())


def list_table(head, rows):
    """Yield the lines of a table."""
    yield from ['.. list-table::', '   :header-rows: 1',
                '   :class: places', '']
    for row in [head, *rows]:
        for index, cell in enumerate(row):
            cell = cell.replace('\n', '\n       ')
            yield f'   {" " if index else "*"} - {cell}'
    yield ''


class Places(SphinxDirective):
    required_arguments = 1      # the group

    def run(self):
        self.env.note_dependency(str(RECORDS))
        records = [record for record in json.loads(RECORDS.read_text())
                   if record['group'] == self.arguments[0]]
        if not records:
            raise self.error(f'no places are known of {self.arguments[0]}')
        columns = [column for column in COLUMNS
                   if any(column in record['seen'] for record in records)]
        rows, figures = {}, {}
        for record in records:
            seen = record['seen']
            add(rows, tuple(seen.get(column, '--') for column in columns),
                record)
            for name in seen:
                if name not in COLUMNS:
                    add(figures, (name, seen[name]), record)
        lines = [*list_table(
            ['Place', *(COLUMNS[column] for column in columns)],
            get_cells(rows))]
        lists = {}      # of figures, by the places that have them
        for places, name, value in get_cells(figures):
            lists.setdefault(places, []).append(f'| {name}: {value}')
        if lists:
            lines += list_table(['Place', 'Seen'], (
                [places, '\n'.join(seen)] for places, seen in lists.items()))
        return self.parse_text_to_nodes('\n'.join(lines))


def setup(app):
    app.add_directive('places', Places)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
