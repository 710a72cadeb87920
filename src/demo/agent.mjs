#!/usr/bin/env node
/**
 * The agent `demo-command`: `node agent.mjs <script.json>` plays the script of the scripted model as a model and an
 * agent in one, for hosts where the real agent is not installed. It works in its working directory, takes the prompt
 * from standard input, prints what it does, and writes its answer to $SENTRA_RESULT. It knows no task by name,
 * and imports nothing of Sentra, because behind the wall it sees this folder only.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

const cwd = process.cwd();
const script = JSON.parse(await readFile(process.argv[2], 'utf8'));
const used = new Set();

/** Model and agent in turns, until a turn uses no tool. */
async function play() {
  let last = await text(process.stdin);
  for (let turns = 0; turns < 50; turns++) {
    const turn = nextTurn(last);
    await wait(turn.delayMs ?? 0);
    if (turn.thinking) console.log(`(${turn.thinking})`);
    if (turn.text) console.log(turn.text);
    if (!turn.tool_use?.length) return;
    const results = [];
    for (const { name, input } of turn.tool_use) results.push(await use(name, input));
    last = results.join('\n');
  }
}

/** The first turn that fits and was not played yet, with its places filled in. */
function nextTurn(message) {
  for (const [index, turn] of script.turns.entries()) {
    if (turn.side || (used.has(index) && !turn.always)) continue;
    const match = new RegExp(turn.match ?? '', 's').exec(message);
    if (!match) continue;
    used.add(index);
    return fill(turn, { cwd, last: message, n: String(Date.now()), ...match });
  }
  return script.default ?? { text: 'Done.' };
}

function fill(value, places) {
  if (typeof value === 'string') return value.replace(/\{\{(\w+)\}\}/g, (_, name) => places[name] ?? '');
  if (Array.isArray(value)) return value.map((item) => fill(item, places));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, places)]));
}

/** Does what the real agent's tool of that name does, and answers in its words. */
async function use(name, input) {
  console.log(`${name} ${input.command ?? (input.file_path ? path.relative(cwd, input.file_path) : '')}`.trim());
  try {
    return await tools[name](input);
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    return `Error: ${error.message}`;
  }
}

const tools = {
  Read: ({ file_path }) => readFile(file_path, 'utf8'),
  async Write({ file_path, content }) {
    await save(file_path, content);
    return `File created successfully at: ${file_path}`;
  },
  async Edit({ file_path, old_string, new_string }) {
    const before = await readFile(file_path, 'utf8');
    if (!before.includes(old_string)) throw new Error(`the text to replace is not in ${file_path}`);
    await save(
      file_path,
      before.replace(old_string, () => new_string),
    );
    return `The file ${file_path} has been updated successfully.`;
  },
  Bash: async () => 'This agent runs no commands: the tests are run by TEST.',
  async StructuredOutput(input) {
    await writeFile(process.env.SENTRA_RESULT, JSON.stringify(input));
    return 'Structured output provided successfully';
  },
};

async function save(file, content) {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

await play();
