import type { Command } from 'commander';
import { addList } from '#src/cli/commands/prices/list.ts';
import { addRemove } from '#src/cli/commands/prices/remove.ts';
import { addSet } from '#src/cli/commands/prices/set.ts';
import { getProject } from '#src/cli/find.ts';
import { table } from '#src/cli/output.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';
import type { Client } from '#src/client/client.ts';
import type { Price } from '#src/domain/price.ts';

export function addPricesCommands(program: Command, io: Io): void {
  const noun = addNoun(program, 'prices', 'what models cost, for a million tokens in US dollars');
  addList(noun, io);
  addSet(noun, io);
  addRemove(noun, io);
}

/** Prices are the server's unless a project is named. */
export const ofProject = async (client: Client, project: string | undefined, cwd: string) =>
  project === undefined ? {} : { projectId: (await getProject(client, project, cwd)).id };

export const priceTable = (io: Io, prices: readonly Price[]): string =>
  table(
    io,
    ['MODEL', 'INPUT', 'OUTPUT', 'CACHE READ', 'CACHE WRITE', 'SET FOR', 'AS OF', 'SOURCE'],
    prices.map((price) => [
      price.model,
      ...[price.inputUsd, price.outputUsd, price.cacheReadUsd, price.cacheWriteUsd].map((usd) => `$${usd}`),
      { default: 'shipped', server: 'all projects', project: 'the project' }[price.scope],
      price.asOf.slice(0, 10),
      price.source,
    ]),
  );
