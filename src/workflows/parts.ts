import type { Agents } from '#src/agents/registry.ts';
import type { Engine } from '#src/engine/engine.ts';
import type { LogPipeline } from '#src/logs/pipeline.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';

/** What workflows are made of; the real ones are joined in compose.ts. */
export type Parts = {
  database: Database;
  changes: Changes;
  logs: LogPipeline;
  agents: Agents;
  sandbox: Sandbox;
  engine: Pick<Engine, 'enqueue' | 'cancel' | 'whenIdle'>;
  /** SENTRA_HOME. */
  home: string;
  identity: { name: string; email: string };
  baseEnv: Readonly<Record<string, string>>;
};
