import assert from 'node:assert/strict';
import { test } from 'node:test';

const { heightAt, highWaters } = await import(`${process.cwd()}/src/tide.mjs`);

test('each high water of the day is there once', () => assert.deepEqual(highWaters(), [0, 12]));
test('the water is as high as it was', () => assert.equal(heightAt(6), 0.5));
