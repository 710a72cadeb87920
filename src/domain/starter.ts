/** What `sentra init` did with a file, or would do. */
export type StarterFile = {
  /** From the root of the repository. */
  path: string;
  action: 'created' | 'merged' | 'replaced' | 'unchanged' | 'kept';
  note: string | null;
};

export type StarterReport = { root: string; dryRun: boolean; files: StarterFile[] };
