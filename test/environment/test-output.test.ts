import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readReportFile } from '#src/domain/test-report/read.ts';
import { findFresh, readFirst, readFresh, usualReports } from '#src/environment/test-output.ts';
import { makeFolder } from '../helpers/repository.ts';

const xml = '<testsuite><testcase name="a"/></testsuite>';

function put(root: string, name: string, text: string, ageSeconds = 0): void {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  if (ageSeconds > 0) utimesSync(file, Date.now() / 1000 - ageSeconds, Date.now() / 1000 - ageSeconds);
}

it('only plain files that were written just now, inside, and are not too large are found', async () => {
  const [root, outside] = [makeFolder('output'), makeFolder('outside')];
  const sinceMs = Date.now();
  put(root, 'reports/new.xml', xml);
  put(root, 'reports/old.xml', xml, 60);
  put(root, 'reports/large.xml', 'x'.repeat(2_000));
  put(root, 'node_modules/a/reports/its.xml', xml);
  put(outside, 'secret.xml', xml);
  symlinkSync(path.join(outside, 'secret.xml'), path.join(root, 'reports/link.xml'));
  symlinkSync(outside, path.join(root, 'reports/folder'));
  const wanted = { sinceMs, most: 10, maxBytes: 1_000 };
  const found = await findFresh(root, ['**/*.xml', `${outside}/*.xml`, '../*/*.xml', 'reports/folder/*.xml'], wanted);
  expect(found).toEqual([{ path: 'reports/new.xml', bytes: xml.length }]);
  expect((await findFresh(root, ['reports/*.xml'], { ...wanted, most: 0 })).length).toBe(0);
  expect((await readFresh(root, 'reports/new.xml', 1_000))?.toString()).toBe(xml);
  expect(await readFresh(root, 'reports/link.xml', 1_000)).toBeUndefined();
  expect(await readFresh(root, 'reports/large.xml', 1_000)).toBeUndefined();
});

it('reports are found where the usual tools write them, the first place that says something', async () => {
  const root = makeFolder('output');
  const sinceMs = Date.now();
  put(root, 'build/test-results/test/TEST-a.xml', xml);
  put(root, 'build/test-results/test/TEST-b.xml', xml);
  put(root, 'test-results/.last-run.json', '{}');
  put(root, 'test-results/notes.xml', '<notes/>');
  expect(await readFirst(root, usualReports, { sinceMs, read: readReportFile })).toHaveLength(2);
  put(root, '.vitest/junit/output.xml', xml);
  expect(await readFirst(root, usualReports, { sinceMs, read: readReportFile })).toHaveLength(1);
  expect(await readFirst(makeFolder('output'), usualReports, { sinceMs, read: readReportFile })).toEqual([]);
});
