import unittest

from slugs import slug


class SlugTest(unittest.TestCase):
    def test_words_are_joined_by_dashes(self):
        self.assertEqual(slug("A Day in May"), "a-day-in-may")


if __name__ == "__main__":
    unittest.main()
