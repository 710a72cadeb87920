import type { Agents } from '#src/agents/registry.ts';
import type { PlaceGate } from '#src/agents/start-gate.ts';
import type { Operator } from '#src/domain/confinement.ts';
import type { Engine } from '#src/engine/engine.ts';
import type { LogPipeline } from '#src/logs/pipeline.ts';
import type { createRedactor } from '#src/logs/redactor.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import type { DevServers } from '#src/workflows/dev-servers.ts';
import type { Forges } from '#src/workflows/forges.ts';

/** What workflows are made of; the real ones are joined in compose.ts. */
export type Parts = {
  database: Database;
  changes: Changes;
  logs: LogPipeline;
  /** The one of `logs`, for what people read elsewhere. */
  redactor: ReturnType<typeof createRedactor>;
  agents: Agents;
  sandbox: Sandbox;
  /** Through it go the test commands of this host. */
  testGate: PlaceGate;
  devServers: DevServers;
  forges: Forges;
  engine: Pick<Engine, 'enqueue' | 'cancel' | 'whenIdle'>;
  /** The worker that this process is, or of whose home it is the server. */
  workerId: string;
  /** SENTRA_HOME. */
  home: string;
  identity: { name: string; email: string };
  baseEnv: Readonly<Record<string, string>>;
  /** What of confinement only who started the server decides. */
  operator: Operator;
};
