/**
 * `npm run trial [-- --agent A --model M --prompts FOLDER --only REPOSITORY]`: eight tasks in four repositories by a real model, judged by
 * programs that no agent has seen. It costs money: the model's key is in ANTHROPIC_API_KEY, its place, where it is not the usual one, in ANTHROPIC_BASE_URL.
 */
import { parseArgs } from 'node:util';
import { canRun, trialRepositories } from './backlog.ts';
import { runTrial, sumUp } from './trial.ts';

const { values } = parseArgs({
  options: {
    agent: { type: 'string', default: 'claude' },
    model: { type: 'string' },
    prompts: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
});
const keys = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'OPENAI_API_KEY',
  'GEMINI_API_KEY',
];
const passed = [...keys, 'ANTHROPIC_BASE_URL', 'OPENAI_BASE_URL', 'GOOGLE_GEMINI_BASE_URL'];
process.exit(await main());

async function main(): Promise<number> {
  const env = Object.fromEntries(passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  if (!keys.some((name) => env[name])) {
    console.error(
      `A trial needs a model: set one of ${keys.join(', ')}. It runs eight tasks, and costs what they cost.`,
    );
    return 2;
  }
  const { only } = values;
  const names = trialRepositories.map(({ name }) => name);
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    console.error(`There is no repository ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
    return 2;
  }
  const wanted = trialRepositories.filter(({ name }) => !only || only.includes(name));
  for (const { name, needs } of wanted.filter((one) => !canRun(one)))
    console.log(`  ${name} is left out: this host has no ${needs}`);
  const { agent, model, prompts } = values;
  const repositories = wanted.filter(canRun);
  const results = await runTrial({ repositories, agent, model, prompts, env, say: (line) => console.log(`  ${line}`) });
  for (const result of results) console.log(JSON.stringify(result));
  console.log(
    JSON.stringify({ name: 'trial', agent, model: model ?? null, prompts: prompts ?? null, ...sumUp(results) }),
  );
  return 0;
}
