import { type Command, InvalidArgumentError } from 'commander';
import { forProject } from '#src/cli/commands/prices/list.ts';
import { ofProject, priceTable } from '#src/cli/commands/prices/prices.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

type Options = JsonOption & {
  project?: string;
  input: number;
  output: number;
  cacheRead?: number;
  cacheWrite?: number;
  source?: string;
};

export function addSet(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'set <model>',
    description: 'set what a model costs; * in its id stands for any characters',
    examples: ['sentra prices set "gpt-9*" --input 1.25 --output 10 --cache-read 0.13 --source openai.com/pricing'],
  })
    .addOption(forProject())
    .requiredOption('--input <usd>', 'a million tokens of input', rate)
    .requiredOption('--output <usd>', 'a million tokens of output', rate)
    .option('--cache-read <usd>', 'a million tokens read from the cache; as input where it is left out', rate)
    .option('--cache-write <usd>', 'a million tokens written to it; as input where it is left out', rate)
    .option('--source <text>', 'where the price was read')
    .action((model: string, options: Options) => set(io, model, options));
}

function rate(value: string): number {
  const usd = Number(value.replace(/^\$/, ''));
  if (Number.isFinite(usd) && usd >= 0 && value.trim() !== '') return usd;
  throw new InvalidArgumentError('It is an amount in US dollars, as 1.25.');
}

async function set(io: Io, model: string, options: Options): Promise<void> {
  const client = await io.client();
  const { input: inputUsd, output: outputUsd, cacheRead, cacheWrite, source } = options;
  const cache = { cacheReadUsd: cacheRead, cacheWriteUsd: cacheWrite };
  const owner = await ofProject(client, options.project, io.cwd);
  const body = { ...owner, model, inputUsd, outputUsd, ...cache, ...(source === undefined ? {} : { source }) };
  const answer = await client.setPrice({ body }, { signal: io.signal });
  print(io, options, answer, ({ items }) =>
    priceTable(
      io,
      items.filter((price) => price.model === model),
    ),
  );
}
