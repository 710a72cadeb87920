import { describe, expect, test } from 'vitest';
import type { Resources, TaskResources } from '#src/domain/resources.ts';
import type { System } from '#src/domain/system.ts';
import { cli } from '../helpers/cli.ts';
import { aProject } from '../helpers/contract-api.ts';

const system: System = {
  version: '1.0.0',
  home: '/home/ada/.sentra',
  startedAt: '2026-01-01T00:00:00.000Z',
  slots: { total: 6, inUse: 1, reason: '3 a core on 2 cores' },
  shortages: [],
  cpus: 2,
  load: 0.5,
  memory: { total: 8e9, free: 4e9 },
  disk: { total: 100e9, free: 50e9 },
  database: { kind: 'embedded', reachable: true, place: '/home/ada/.sentra/postgres' },
  isolation: { available: true, reason: null, network: 'listed' as const, limits: null },
  agents: [],
};

const aTaskOf = (n: number, change: Partial<TaskResources> = {}): TaskResources => ({
  taskId: `task-aaaa0000000${n}`,
  projectId: 'proj-000000000001',
  title: `Task ${n}`,
  status: 'failed',
  createdAt: '2026-01-01T00:00:00.000Z',
  disk: { own: n * 1e6, shared: 30e6, worktree: n * 1e6, home: 0, database: 0 },
  worktree: { path: `/w/${n}`, state: 'ready' },
  ports: {},
  now: null,
  peakMemory: 0,
  cpuSeconds: 0,
  ...change,
});

const resourcesOf = (tasks: TaskResources[]): Resources => ({
  measuredAt: null,
  totals: { disk: 150e6, tasksOwn: 0, tasksShared: 30e6, memory: 0, cores: 0, processes: 0, ports: 0 },
  tasks,
  places: [{ kind: 'saved', name: 'Saved work', path: '/home/saved', bytes: 1234, advice: 'delete what is old' }],
  history: [],
});

const status = (tasks: TaskResources[], change: Partial<System> = {}, args: string[] = []) =>
  cli(['status', ...args], {
    getSystem: () => ({ ...system, ...change }),
    listProjects: () => ({ items: [aProject()] }),
    getResources: () => resourcesOf(tasks),
  });

describe('status', () => {
  test('says how many slots there are and why', async () => {
    expect((await status([])).out).toMatch(/slots +1 of 6 in use: 3 a core on 2 cores/);
  });

  test('says first why nothing new starts', async () => {
    const shortages = [{ code: 'disk_low' as const, place: '/', message: 'The disk of / has 1 GB free. Make room.' }];
    const { out, code } = await status([], { shortages });
    expect(out).toMatch(/^nothing new starts: The disk of/);
    expect(code).toBe(0);
  });

  test('shows the dearest tasks first, what they share, and how many more there are', async () => {
    const now = { processes: 3, memory: 200e6, cores: 0.5 };
    const ports = { FRONTEND_PORT: 20_001 };
    const many = Array.from({ length: 9 }, (_, i) => aTaskOf(i + 1));
    const atWork = aTaskOf(1, { taskId: 'task-bbbb00000001', now, peakMemory: 300e6, cpuSeconds: 12.3, ports });
    const { out } = await status([...many, aTaskOf(2), atWork]);
    expect(out).toMatch(/TITLE\ntask-bbbb00000001 +failed +1\.0 MB +30\.0 MB +200\.0 MB +300\.0 MB +0\.5 +12 s +20001/);
    expect(out).toContain('… and 1 more: --json lists them all');
    expect(out).toMatch(/Saved work +1\.2 kB +delete what is old/);
    expect(out).toMatch(/Files that tasks share +30\.0 MB +counted once/);
  });

  test('says so when no task costs anything', async () => {
    expect((await status([])).out).toContain('No task has a worktree or a process on this host.');
  });

  test('--json has every task', async () => {
    const tasks = Array.from({ length: 12 }, (_, i) => aTaskOf(i % 10));
    const { json } = await status(tasks, {}, ['--json']);
    expect(json()).toMatchObject({ system: { slots: { reason: '3 a core on 2 cores' } }, resources: { tasks } });
  });
});
