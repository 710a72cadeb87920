import type { Command } from 'commander';
import { getProject } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addPause(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'pause [project]',
    description: 'start nothing more of a project; what is at work goes on',
    examples: ['sentra project pause shop'],
  }).action((given: string | undefined, options: JsonOption) => setPaused(io, given, options, true));
}

export function addResume(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'resume [project]',
    description: 'start the tasks of a paused project again',
    examples: ['sentra project resume shop'],
  }).action((given: string | undefined, options: JsonOption) => setPaused(io, given, options, false));
}

async function setPaused(io: Io, given: string | undefined, options: JsonOption, paused: boolean): Promise<void> {
  const client = await io.client();
  const { id } = await getProject(client, given, io.cwd);
  const project = await client.patchProject({ params: { id }, body: { paused } }, { signal: io.signal });
  const { running = 0, queued = 0 } = project.counts;
  print(io, options, project, ({ name }) =>
    paused
      ? `${name} is paused: ${running} at work go on, ${queued} in the queue wait.`
      : `${name} is resumed: ${queued} in the queue start as slots become free.`,
  );
}
