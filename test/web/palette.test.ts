import { describe, expect, it } from 'vitest';
import { findableText, findBest, longestWordOf } from '../../web/src/palette.ts';

const items = (...titles: string[]) => titles.map((title) => ({ title, text: findableText(title) }));
const titlesOf = (titles: string[], query: string, most = 8) =>
  findBest(items(...titles), query, most).map(({ item }) => item.title);

describe('what is found', () => {
  it('has every word of the query in it, in any order and case', () => {
    const titles = ['Charge a fee', 'Fee without a charge', 'Charge nothing'];
    expect(titlesOf(titles, '  FEE charge ')).toEqual(['Charge a fee', 'Fee without a charge']);
    expect(titlesOf(titles, 'fee charge tide')).toEqual([]);
  });

  it('comes by how its title begins, then by how a word begins, then by the rest; equally good keep their order', () => {
    const titles = ['Renumber piers', 'Show the number', 'Number of boats', 'Unnumbered', 'Count (number)', 'Numbers'];
    expect(titlesOf(titles, 'number')).toEqual([
      'Number of boats',
      'Numbers',
      'Show the number',
      'Count (number)',
      'Renumber piers',
      'Unnumbered',
    ]);
  });

  it('begins with more than one word', () => {
    expect(titlesOf(['The tide table', 'Tide  tables', 'Table of the tide'], 'tide table')).toEqual([
      'Tide  tables',
      'The tide table',
      'Table of the tide',
    ]);
  });

  it('is found by its id, by the short one, and by letters of any script', () => {
    const tasks = [{ text: findableText('Größe der Boote', 'task-0123abcd4567') }, { text: findableText('Other') }];
    for (const [query, rank] of [
      ['task-0123abcd4567', 1],
      ['0123abcd', 1],
      ['23ab', 2],
      ['GRÖSSE', undefined],
      ['GRÖß', 0],
      ['ße', 2],
    ] as const)
      expect(findBest(tasks, query, 8).map((match) => match.rank)).toEqual(rank === undefined ? [] : [rank]);
  });

  it('is never more than asked for, and the best of it', () => {
    expect(titlesOf(['Not a pier', 'Pier 1', 'Pier 2', 'Pier 3'], 'pier', 2)).toEqual(['Pier 1', 'Pier 2']);
    expect(titlesOf(['Pier 1'], 'pier', 0)).toEqual([]);
  });

  it('holds signs of patterns for what they are', () => {
    expect(titlesOf(['Rename a.b', 'Rename axb', 'Rename (c'], 'a.b')).toEqual(['Rename a.b']);
    expect(titlesOf(['Rename (c'], '(c')).toEqual(['Rename (c']);
  });
});

it('the server is asked for the longest word', () => {
  expect(longestWordOf(' a Tide of b ')).toBe('tide');
  expect(longestWordOf('  ')).toBe('');
});
