"""The directive "costs": a table of what "benchmark.py show --json" wrote."""

import json

from sphinx.util.docutils import SphinxDirective


class Costs(SphinxDirective):
    required_arguments = 1      # the file

    def run(self):
        _, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(path)
        with open(path, encoding='utf-8') as file:
            rows = json.load(file)
        pythons = list(dict.fromkeys(row['python'] for row in rows))
        lines = {}      # the ratios by the Python, for each line of the table
        for row in rows:
            # Growth and memory are no ratios to something else.
            if not row['case'].startswith(('growth ', 'memory')):
                names = f'``{row["case"]}`` / {row["against"]}'
                lines.setdefault(names, {})[row['python']] = row['ratio']
        text = ['.. list-table::', '   :header-rows: 1', '',
                '   * - Case / compared with',
                *(f'     - {python.replace("CPython ", "")}'
                  for python in pythons)]
        for names, ratios in lines.items():
            text.append(f'   * - {names}')
            for python in pythons:
                text.append(f'     - {ratios[python]:.2f}'
                            if python in ratios else '     -')
        return self.parse_text_to_nodes('\n'.join(text))


def setup(app):
    app.add_directive('costs', Costs)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
