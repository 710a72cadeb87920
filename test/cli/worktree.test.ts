import { describe, expect, test } from 'vitest';
import type { Finding } from '#src/domain/clean-up.ts';
import { cli } from '../helpers/cli.ts';
import { aTask } from '../helpers/contract-api.ts';

const finding = (change: Partial<Finding> = {}): Finding => ({
  kind: 'worktree',
  taskId: 'task-aaaa00000001',
  path: '/code/shop/.sentra/worktrees/task-aaaa00000001',
  reason: 'the task is cancelled',
  bytes: 1_234_567,
  action: 'save_and_remove',
  done: false,
  problem: null,
  ...change,
});

const withTask = { listTasks: () => ({ items: [aTask()] }) };

describe('worktree', () => {
  test('clean cleans, and with --dry-run only asks what would be done', async () => {
    const asked: boolean[] = [];
    const cleanWorktrees = ({ body }: { body: { dryRun: boolean } }) => {
      asked.push(body.dryRun);
      return { items: [finding({ done: !body.dryRun })] };
    };
    const dry = await cli(['worktree', 'clean', '--dry-run'], { cleanWorktrees });
    expect(dry).toMatchObject({ code: 0, out: expect.stringMatching(/save_and_remove +worktree +1\.2 MB +the task/) });
    expect(dry.out).toContain('1.2 MB would be freed; nothing was changed.');
    const real = await cli(['worktree', 'clean', '--json'], { cleanWorktrees });
    expect(real.json()).toEqual({ items: [finding({ done: true })] });
    expect(asked).toEqual([true, false]);
  });

  test('clean answers 1 and tells the problem when something could not be removed', async () => {
    const cleanWorktrees = () => ({ items: [finding({ problem: 'permission denied' })] });
    const result = await cli(['worktree', 'clean'], { cleanWorktrees });
    expect(result).toMatchObject({ code: 1, out: expect.stringContaining('failed: permission denied') });
  });

  test('list shows those of tasks, and those that are prepared ahead as of no task', async () => {
    const facts = { state: 'ready', bytes: 5, sharedBytes: null, dirty: false, unmerged: false } as const;
    const items = [
      { ...facts, taskId: 'task-aaaa00000001', path: '/w/a', branchName: 'feature/a', reason: 'the task is running' },
      { ...facts, taskId: null, path: '/w/pool-bbbb00000002', branchName: null, reason: 'prepared ahead' },
    ];
    const { out } = await cli(['worktree', 'list'], { listWorktrees: () => ({ items }) });
    expect(out).toMatch(/task-aaaa00000001 +ready .*feature\/a .*the task is running/);
    expect(out).toMatch(/\n- +ready .* - .*prepared ahead +\/w\/pool-bbbb00000002/);
  });

  test('list --saved shows the saved work', async () => {
    const item = {
      taskId: 'task-aaaa00000001',
      path: '/home/saved/a.patch',
      at: '2026-01-02T03:04:05.678Z',
      bytes: 12,
    };
    const result = await cli(['worktree', 'list', '--saved'], { listSaved: () => ({ items: [item] }) });
    expect(result.out).toContain('/home/saved/a.patch');
    expect((await cli(['worktree', 'list', '--saved'], { listSaved: () => ({ items: [] }) })).out).toBe(
      'No saved work.\n',
    );
  });

  test('restore names the file that was asked for and lists what came back', async () => {
    const result = await cli(['worktree', 'restore', 'aaaa', '--file', 'a.patch'], {
      ...withTask,
      restoreWorktree: ({ params, body }) => ({
        taskId: params.taskId,
        path: '/w',
        branchName: 'feature/sort-aaaa0000',
        restored: body.file ?? '',
        files: ['src/sort.ts'],
      }),
    });
    expect(result).toMatchObject({ code: 0, out: 'Restored in /w, not committed:\n  src/sort.ts\n' });
  });

  test('remove says where the work was saved', async () => {
    const result = await cli(['worktree', 'remove', 'aaaa'], {
      ...withTask,
      removeWorktree: ({ params }) => ({ taskId: params.taskId, path: '/w', saved: '/home/saved/a.patch' }),
    });
    expect(result.out).toBe('Removed /w; what was not merged is saved in /home/saved/a.patch\n');
  });

  test.each(['clean', 'list', 'restore', 'remove'])('help of %s has examples', async (verb) => {
    const help = await cli(['worktree', verb, '--help'], {});
    expect(help.out).toContain(`$ npx sentra worktree ${verb}`);
  });
});
