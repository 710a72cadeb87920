import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heightAt, highWaters } from '../src/tide.mjs';

test('the water is highest at high water', () => {
  for (const hour of highWaters()) assert.equal(heightAt(hour), 3.5);
});
