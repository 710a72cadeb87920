/** `npm run bench -- <name> [option]`: measures, tells it in words, and ends with one line of JSON for each benchmark. */
import { agentOverhead } from './agent-overhead.ts';
import { backup } from './backup.ts';
import type { Benchmark, Result } from './benchmark.ts';
import { cleanup } from './cleanup.ts';
import { conflictRadar } from './conflict-radar.ts';
import { diff } from './diff.ts';
import { install } from './install.ts';
import { installManagers } from './install-managers.ts';
import { logViewer } from './log-viewer.ts';
import { logsIngest } from './logs-ingest.ts';
import { logsRead } from './logs-read.ts';
import { logsStream } from './logs-stream.ts';
import { mainJob } from './main-job.ts';
import { mergeConflicts } from './merge-conflicts.ts';
import { mergeQueue } from './merge-queue.ts';
import { ports } from './ports.ts';
import { queue } from './queue.ts';
import { spawnStall } from './spawn.ts';
import { speedup, speedupWorkers } from './speedup.ts';
import { worktree200 } from './worktree-200.ts';
import { worktreeClaim } from './worktree-claim.ts';

const benchmarks: readonly Benchmark[] = [
  mainJob,
  mergeConflicts,
  mergeQueue,
  install,
  ...installManagers,
  spawnStall,
  agentOverhead,
  worktreeClaim,
  worktree200,
  ports,
  diff,
  cleanup,
  conflictRadar,
  queue,
  speedup,
  speedupWorkers,
  logsIngest,
  logsRead,
  logsStream,
  logViewer,
  backup,
];

const [wanted, option] = process.argv.slice(2);
const chosen = benchmarks.filter(({ name }) => wanted === undefined || name === wanted);
if (chosen.length === 0) {
  console.error(`There is no benchmark "${wanted}". There are:`);
  for (const { name, title } of benchmarks) console.error(`  ${name.padEnd(12)} ${title}`);
  process.exit(2);
}
const results: Result[] = [];
for (const benchmark of chosen) {
  console.log(`${benchmark.name}: ${benchmark.title}`);
  results.push(...[await benchmark.measure((line) => console.log(`  ${line}`), option)].flat());
}
for (const result of results) console.log(JSON.stringify(result));
process.exit(0);
