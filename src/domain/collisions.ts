/** Which branches may collide: those that changed a path that another one changed too. Pure; what git says of a pair is git/collisions.ts. */
export type Branch = {
  taskId: string;
  head: string;
  /** Changed since it left its base. */
  paths: readonly string[];
};

/** Pairs with a path in common of which at least one has changed; each pair once. */
export function pairsToCheck(branches: readonly Branch[], changed: ReadonlySet<string>): [Branch, Branch][] {
  const byPath = new Map<string, Branch[]>();
  const pairs = new Map<string, [Branch, Branch]>();
  for (const branch of branches)
    for (const path of branch.paths) {
      const others = byPath.get(path);
      for (const other of others ?? [])
        if (changed.has(branch.taskId) || changed.has(other.taskId))
          pairs.set(`${other.taskId} ${branch.taskId}`, [other, branch]);
      if (others) others.push(branch);
      else byPath.set(path, [branch]);
    }
  return [...pairs.values()];
}

/** `known`: as it was when it was last looked at. */
export type WatchedBranch = { taskId: string; branchName: string; base: string; known: Branch | null };

/** Paths in which the branches of two tasks conflict. */
export type Collision = { taskId: string; otherId: string; paths: string[] };
