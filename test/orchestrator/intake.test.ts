import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Reserve } from '#src/domain/reserve.ts';
import type { Shortage } from '#src/domain/system.ts';
import { createIntake, type Intake } from '#src/orchestrator/intake.ts';
import { makeFolder } from '../helpers/repository.ts';

const none: Reserve = { bytes: 0, percent: 0, percentAtMost: 0 };
const reserve = (bytes: number, percent = 0): Reserve => ({ bytes, percent, percentAtMost: Number.MAX_SAFE_INTEGER });
const codes = (intake: Intake) => intake.shortages().map(({ code }) => code);

function watch(folder: string, options: { disk?: Reserve; memory?: Reserve; free?: () => number } = {}) {
  const told: Shortage[][] = [];
  const errors: string[] = [];
  const intake = createIntake({
    places: async () => [
      { name: 'SENTRA_HOME', path: path.join(folder, 'not', 'made', 'yet') },
      { name: 'the worktrees of shop', path: folder },
    ],
    disk: options.disk ?? none,
    memory: options.memory ?? none,
    readMemory: async () => ({ total: 1000, free: options.free?.() ?? 1000 }),
    onChange: async (shortages) => void told.push([...shortages]),
    onError: (message) => errors.push(message),
  });
  return { intake, told, errors };
}

test('a limit above what is free closes the intake and says how to make room, once for each disk', async () => {
  const { intake, told } = watch(makeFolder('intake'), { disk: reserve(1e15) });
  await intake.lookOnce();
  await intake.lookOnce();
  expect(intake.shortages()).toHaveLength(1);
  expect(intake.shortages()[0]?.message).toMatch(/SENTRA_HOME.*GB free.*worktree clean.*SENTRA_MIN_DISK/);
  expect(told).toHaveLength(1);
});

test('memory under its limit closes the intake, and a fifth more than the limit opens it', async () => {
  let free = 90;
  const { intake, told } = watch(makeFolder('intake'), { memory: reserve(0, 10), free: () => free });
  await intake.lookOnce();
  expect(codes(intake)).toEqual(['memory_low']);
  free = 110;
  await intake.lookOnce();
  expect(codes(intake)).toEqual(['memory_low']);
  free = 120;
  await intake.lookOnce();
  expect(codes(intake)).toEqual([]);
  expect(told.map((one) => one.length)).toEqual([1, 0]);
});

test('what cannot be looked at is told and stops nothing', async () => {
  const errors: string[] = [];
  const intake = createIntake({
    places: async () => [],
    disk: none,
    memory: none,
    readMemory: async () => {
      throw new Error('no such file');
    },
    onChange: async () => {},
    onError: (message) => errors.push(message),
  });
  await intake.lookOnce();
  expect(intake.shortages()).toEqual([]);
  expect(errors).toEqual(['memory could not be looked at: no such file']);
});

const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
if (!mayMount)
  console.warn('The tests of a disk that fills up need root on Linux, to mount one: they are left out here.');

describe.runIf(mayMount)('on a disk of its own', () => {
  let folder: string;
  beforeEach(() => {
    folder = makeFolder('small');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,nr_inodes=200', 'tmpfs', folder]);
  });
  afterEach(() => execFileSync('umount', [folder]));

  test('the intake closes as it fills up, and opens when there is room', async () => {
    const { intake } = watch(folder, { disk: reserve(4e6) });
    await intake.lookOnce();
    expect(codes(intake)).toEqual([]);
    const big = path.join(folder, 'big');
    writeFileSync(big, Buffer.alloc(14e6));
    await intake.lookOnce();
    expect(codes(intake)).toEqual(['disk_low']);
    rmSync(big);
    await intake.lookOnce();
    expect(codes(intake)).toEqual([]);
  });

  test('room for bytes is not enough where there is none for files', async () => {
    const { intake } = watch(folder, { disk: reserve(0, 10) });
    await intake.lookOnce();
    expect(codes(intake)).toEqual([]);
    for (let i = 0; i < 185; i++) writeFileSync(path.join(folder, `${i}`), '');
    await intake.lookOnce();
    expect(codes(intake)).toEqual(['inodes_low']);
    expect(intake.shortages()[0]?.message).toMatch(/room for \d+ more files/);
  });
});
