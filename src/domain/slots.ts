/** How many runs a host carries: one pure function from its limits to a number and the words that explain it. */

/** What a run is reckoned to need: an agent (about 100 MB of its own) and the project's tests beside it. */
export const bytesPerSlot = 512 * 2 ** 20;
/** What stays free for the system, the database and the server. */
export const bytesForTheRest = 2 ** 30;
/** An agent waits for its model most of the time, so a core serves several. */
export const slotsPerCore = 3;

export type Slots = { total: number; reason: string };

/** Three a core, fewer where memory is short, at least one. `memoryBytes`: what this host, or its container, may use. */
export function slotsOfHost({ cpus, memoryBytes }: { cpus: number; memoryBytes: number }): Slots {
  const byCores = cpus * slotsPerCore;
  const byMemory = Math.floor((memoryBytes - bytesForTheRest) / bytesPerSlot);
  const cores = `${cpus} ${cpus === 1 ? 'core' : 'cores'}`;
  if (byMemory >= byCores) return { total: byCores, reason: `${slotsPerCore} a core on ${cores}` };
  const memory = `${(memoryBytes / 2 ** 30).toFixed(1)} GB of memory`;
  return {
    total: Math.max(1, byMemory),
    reason: `${memory}: 1 GB for the rest, 0.5 GB a run; ${cores} would carry ${byCores}`,
  };
}

/** What somebody asked for wins over what the host suggests: `SENTRA_SLOTS`, else a project's `limits.slots` where it is more. */
export function chooseSlots(asked: {
  environment: number | undefined;
  projects: readonly { name: string; slots: number | undefined }[];
  host: Slots;
}): Slots {
  if (asked.environment !== undefined) return { total: asked.environment, reason: 'set by SENTRA_SLOTS' };
  return asked.projects.reduce<Slots>(
    (most, { name, slots = 0 }) =>
      slots > most.total ? { total: slots, reason: `set by limits.slots of ${name}` } : most,
    asked.host,
  );
}
