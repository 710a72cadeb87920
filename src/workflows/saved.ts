import path from 'node:path';

/** Where work is kept before a tree is removed or put back: `$SENTRA_HOME/saved/<task-id>/<time>.patch`. */
export const savedPatchPath = (home: string, taskId: string): string =>
  path.join(home, 'saved', taskId, `${new Date().toISOString().replace(/[:.]/g, '-')}.patch`);
