import sys
import unittest

sys.path.insert(0, ".")
from slugs import Slugs


class Unique(unittest.TestCase):
    def test_the_same_title_is_counted_up(self):
        slugs = Slugs()
        self.assertEqual([slugs.take("A Day") for _ in range(3)], ["a-day", "a-day-2", "a-day-3"])

    def test_a_title_that_looks_counted_takes_its_place(self):
        slugs = Slugs()
        self.assertEqual([slugs.take(t) for t in ("A Day 2", "A Day", "A Day")], ["a-day-2", "a-day", "a-day-3"])

    def test_each_keeps_its_own_book(self):
        Slugs().take("A Day")
        self.assertEqual(Slugs().take("A Day"), "a-day")

    def test_an_empty_one_is_untitled(self):
        slugs = Slugs()
        self.assertEqual([slugs.take(t) for t in ("!!!", "")], ["untitled", "untitled-2"])


unittest.main()
