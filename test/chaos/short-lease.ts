/** A server, a worker, or both (the first argument says which), with a lease that runs out in seconds instead of half a minute. */
import { readConfig } from '#src/config.ts';
import { type Role, startSentra } from '#src/start.ts';

const rolesOf: Record<string, readonly Role[]> = { up: ['server', 'worker'], server: ['server'], worker: ['worker'] };
const lease = { renewMs: 500, endAgentsMs: 2_000, lapseMs: 4_000 };

const sentra = await startSentra(readConfig(), {
  roles: rolesOf[process.argv[2] ?? 'up'] ?? [],
  report: (line) => console.error(line),
  lease,
});
console.log(sentra.server ? `Open the dashboard: ${sentra.server.url}` : `${sentra.workerId} is at work`);
const end = async () => {
  await sentra.stop();
  process.exit(0);
};
process.once('SIGTERM', () => void end());
if (!sentra.server) void sentra.drained.then(end);
