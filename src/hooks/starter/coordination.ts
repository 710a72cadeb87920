/**
 * When a session begins: tells the agent which tasks work beside it. After each tool: stops the agent when Sentra says so (the task was
 * cancelled, its budget is used up). Fails open: without an answer the work goes on.
 */
import { answer, ask, readInput } from './sentra.ts';

type State = { title: string; peers: { title: string; status: string; paths: string[] }[] };

try {
  const input = await readInput();
  if (input.hook_event_name === 'SessionStart') await tellNeighbours();
  else await mayGoOn();
} catch (e) {
  console.error(`The coordination hook could not ask Sentra: ${e instanceof Error ? e.message : e}`);
}

async function tellNeighbours(): Promise<void> {
  const state = await ask<State>('GET', '/state');
  if (!state?.peers.length) return;
  const lines = state.peers.map(
    ({ title, status, paths }) => `- ${title} (${status})${paths.length ? `, changes ${paths.join(', ')}` : ''}`,
  );
  const additionalContext = `Other tasks of this project at this moment:\n${lines.join('\n')}\nLeave their work to them.`;
  answer({ hookSpecificOutput: { hookEventName: 'SessionStart', additionalContext } });
}

async function mayGoOn(): Promise<void> {
  const asked = await ask<{ goOn: boolean; reason: string | null }>('GET', '/go-on');
  if (asked && !asked.goOn) answer({ continue: false, stopReason: asked.reason ?? 'Sentra ends this session.' });
}
