/** What is asked for when a task leases ports. */
export type BlockWish = {
  taskId: string;
  /** Names of the ports, in the order of the block. */
  names: readonly string[];
  /** All blocks: `count` of `size` ports each, from `first` on. */
  range: { first: number; size: number; count: number };
  /** Number of the block to look at first. */
  start: number;
  /** First ports of blocks that are not wanted, the task's own among them. */
  without: readonly number[];
};
