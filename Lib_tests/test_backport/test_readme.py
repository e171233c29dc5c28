"""The session in the README is typed at a prompt on a terminal"""

import doctest
import pathlib
import unittest

from support.prompt_session import ModulePrompt

README = pathlib.Path(__file__).resolve().parent.parent.parent / 'README.rst'


class ReadmeTests(ModulePrompt, unittest.TestCase):
    """What the README shows is what the prompt shows."""

    def test_session(self):
        examples = doctest.DocTestParser().get_examples(
            README.read_text(encoding='utf-8'))
        self.assertGreater(len(examples), 10)
        prompt = self.arrive()
        for example in examples:
            if 'press Ctrl-C' in example.source:
                prompt.enter(example.source)
                shown = prompt.interrupt()
                self.assertTrue(shown.endswith('\nKeyboardInterrupt'), shown)
            else:
                shown = prompt.run(example.source)
                self.assertEqual(shown, example.want.rstrip('\n'))


if __name__ == '__main__':
    unittest.main()
