"""Let each file that a page includes be downloaded: a link follows it."""

from sphinx.directives.code import LiteralInclude


class Example(LiteralInclude):
    def run(self):
        path = self.arguments[0]
        name = path.rpartition('/')[2]
        return [*super().run(),
                *self.parse_text_to_nodes(f':download:`{name} <{path}>`')]


def setup(app):
    app.add_directive('literalinclude', Example, override=True)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
