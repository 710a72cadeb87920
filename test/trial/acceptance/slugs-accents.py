import sys
import unittest

sys.path.insert(0, ".")
from slugs import slug


class Accents(unittest.TestCase):
    def test_accents_fall_away(self):
        self.assertEqual(slug("Crème Brûlée"), "creme-brulee")
        self.assertEqual(slug("Ñandú"), "nandu")

    def test_no_dash_stands_at_an_end(self):
        self.assertEqual(slug("  Hello, world! "), "hello-world")
        self.assertEqual(slug("!!!"), "")

    def test_what_worked_still_works(self):
        self.assertEqual(slug("A Day in May"), "a-day-in-may")


unittest.main()
