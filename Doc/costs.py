"""The directive "costs": the table of what "python -m benchmark" has measured

With the option "chart" it is a chart of the same figures, with quartiles.
"""

import html
import json
import math

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

COLORS = '#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b'


class Costs(SphinxDirective):
    required_arguments = 1      # the file
    option_spec = {'chart': directives.flag}

    def run(self):
        _, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(path)
        with open(path, encoding='utf-8') as file:
            records = json.load(file)
        pythons = list(dict.fromkeys(record['python'] for record in records))
        lines = {}      # of the table: the records by the Python
        for record in records:
            lines.setdefault((record['case'], record['against']), {})[
                record['python']] = record
        if 'chart' in self.options:
            return [nodes.raw('', '\n'.join(draw(lines, pythons)),
                              format='html')]
        text = ['.. list-table::', '   :header-rows: 1', '',
                '   * - Case / compared with',
                *(f'     - {python.replace("CPython ", "")}'
                  for python in pythons)]
        for (case, against), figures in lines.items():
            text.append(f'   * - ``{case}`` / {against}')
            for python in pythons:
                text.append(f'     - {figures[python]["ratio"]:.2f}'
                            if python in figures else '     -')
        return self.parse_text_to_nodes('\n'.join(text))


def draw(lines, pythons):
    """Yield the lines of an SVG as wide as the ratios from 1/128 to 16."""
    step = 5            # from one Python's mark to the next, in pixels
    top, height = 40, 24 + step * len(pythons)
    bottom = top + height * len(lines)
    yield (f'<div class="chart"><svg viewBox="0 0 690 {bottom}" role="img" '
           'aria-label="How many times as long each function takes: the '
           'medians are those of the table, the bars reach from one quartile '
           'to the other">')
    for number, python in enumerate(pythons):
        yield (f'<text x="{115 * number}" y="12" fill="{COLORS[number]}">'
               f'{python}</text>')
    for power in range(-6, 4):
        label = 2 ** power if power >= 0 else f'1/{2 ** -power}'
        yield (f'<path d="M {at(2 ** power)} {top} V {bottom}" '
               f'stroke-width="{1 if power else 2}" stroke="currentColor" '
               f'opacity="0.3"/><text x="{at(2 ** power)}" y="{top - 4}" '
               f'text-anchor="middle">{label}</text>')
    for index, (names, figures) in enumerate(lines.items()):
        y = top + height * index + 16
        yield f'<text x="0" y="{y}">{html.escape(" / ".join(names))}</text>'
        for number, python in enumerate(pythons):
            if python in figures:
                low, ratio, high = (at(figures[python][name])
                                    for name in ('low', 'ratio', 'high'))
                mark = y + 6 + step * number
                yield (f'<g stroke="{COLORS[number]}" stroke-width="1.5" '
                       f'fill="{COLORS[number]}">'
                       f'<path d="M {low} {mark} H {high}"/>'
                       f'<circle cx="{ratio}" cy="{mark}" r="1.5"/></g>')
    yield '</svg></div>'


def at(ratio):
    """Return how far right a ratio is, in pixels: the scale is logarithmic."""
    return round(60 * (math.log2(ratio) + 7), 1)


def setup(app):
    app.add_directive('costs', Costs)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
