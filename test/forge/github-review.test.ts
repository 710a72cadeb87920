/** Verdicts of people in Sentra, as GitHub gets them. */
import { expect, test } from 'vitest';
import type { Spoken } from '#src/forge/forge.ts';
import { prepareLanding, wanted } from './forge-contract.ts';
import { makeGitHub } from './github-case.ts';

/** An open pull request that adds a file of two lines, opened by `author`. */
async function makePull(author: string) {
  const { server, forge, ...one } = await makeGitHub();
  prepareLanding({ forge, ...one });
  const head = server.repository.push(wanted().headBranch, { 'thing.txt': 'one\ntwo\n' });
  const number = (await forge.open(wanted()))?.number ?? 0;
  server.repository.get(number).author = author;
  const said = (verdict: Spoken['verdict'], comments: Spoken['comments'] = []): Spoken => ({
    key: `task review ${verdict}`,
    verdict,
    commit: head,
    comments,
  });
  return { server, forge, number, head, said, path: one.path };
}
const line = { path: 'thing.txt', line: 2, body: 'Say three.' };

test('an approval and a request for changes are reviews there, with the lines where they belong', async () => {
  const { server, forge, number, said } = await makePull('ada');
  expect(await forge.review(number, said('changes_requested', [{ body: 'Not yet.' }, line]))).toBe('review');
  expect(await forge.review(number, said('approved'))).toBe('review');
  const { reviews, lines, comments } = server.repository;
  expect(reviews.map(({ state }) => state)).toEqual(['CHANGES_REQUESTED', 'APPROVED']);
  expect(reviews[0]?.body).toContain('Not yet.');
  expect(lines).toMatchObject([{ ...line, review: reviews[0]?.id }]);
  expect(comments).toEqual([]);
});

test('what Sentra said there is nothing that people said: it is not read back', async () => {
  const { forge, number, said } = await makePull('ada');
  await forge.review(number, said('changes_requested', [line]));
  expect(await forge.read(number, 'main')).toMatchObject({ reviews: [], comments: [] });
});

test('of what the owner of the token opened, the verdict is told as a comment that says so', async () => {
  const { server, forge, number, said } = await makePull('sentra-bot');
  expect(await forge.review(number, said('approved'))).toBe('comment');
  expect(await forge.review(number, said('changes_requested', [line]))).toBe('comment');
  const { reviews, lines } = server.repository;
  expect(reviews.map(({ state }) => state)).toEqual(['COMMENTED', 'COMMENTED']);
  expect(reviews[0]?.body).toContain('Approved in Sentra. GitHub takes no review');
  expect(reviews[1]?.body).toContain('Changes are asked for in Sentra. GitHub takes no review');
  expect(lines).toMatchObject([line]);
});

test('a remark on a line that the diff does not show is told in the text', async () => {
  const { server, forge, number, said } = await makePull('ada');
  const elsewhere = { path: 'README.md', line: 70, body: 'And here?' };
  expect(await forge.review(number, said('changes_requested', [elsewhere, line]))).toBe('review');
  const [review] = server.repository.reviews;
  expect(review?.state).toBe('CHANGES_REQUESTED');
  expect(review?.body).toContain('`README.md:70`: And here?');
  expect(review?.body).toContain('`thing.txt:2`: Say three.');
});

test.each([
  ['a 502', { status: 502 }],
  ['GitHub taking only comments', { status: 422, message: 'Validation Failed' }],
])('with %s it is told once', async (_, fault) => {
  const { server, forge, number, said } = await makePull('ada');
  const match = /^POST .*\/reviews$/;
  if (fault.status === 502) server.fail({ match, ...fault, after: true });
  else for (const _time of [1, 2]) server.fail({ match, ...fault });
  await forge.review(number, said('approved')).catch((e) => expect(e.code).toBe('forge_unavailable'));
  for (const _time of ['again', 'and again']) await forge.review(number, said('approved'));
  const { reviews, comments } = server.repository;
  expect([...reviews, ...comments].filter(({ body }) => body.includes('Approved in Sentra'))).toHaveLength(1);
});
