import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createShip, heaviest } from '../src/ships.mjs';

test('a ship needs a name and a weight', () => {
  assert.throws(() => createShip(' ', 10), /needs a name/);
  assert.throws(() => createShip('Ada', 0), /weight above zero/);
});

test('the heaviest ship is found', () => {
  const ships = [createShip('Ada', 10), createShip('Grace', 900), createShip('Mary', 40)];
  assert.equal(heaviest(ships).name, 'Grace');
});
