import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { addVerb, type Io, taskArgument } from '#src/cli/verb.ts';
import { SentraError } from '#src/errors.ts';

type Options = { run?: string; otlp?: true };

export function addExport(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'export',
    description: 'print all that is known of a run as one JSON document',
    examples: ['sentra task export 01234567 > run.json', 'sentra task export 01234567 --otlp > traces.json'],
  })
    .addArgument(taskArgument())
    .option('--run <run>', 'another run than the newest')
    .option('--otlp', 'its spans as OpenTelemetry traces (OTLP/JSON)')
    .action((given: string, options: Options) => exportRun(io, given, options));
}

/** Written as it comes: a run can have millions of lines. */
async function exportRun(io: Io, given: string, { run, otlp }: Options): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const adwId = run ?? (await client.getTask({ params: { id } }, { signal: io.signal })).adwId;
  if (!adwId)
    throw new SentraError('not_found', `${id} has no run yet: start it with \`npx sentra task start ${id}\`.`);
  const call = { params: { id, adwId }, query: { format: otlp ? ('otlp' as const) : ('json' as const) } };
  const { body } = await client.exportRun(call, { signal: io.signal });
  for await (const text of body.pipeThrough(new TextDecoderStream())) io.stdout(text);
  io.stdout('\n');
}
