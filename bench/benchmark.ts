/** What a benchmark is: something that Sentra does, beside the least that the same work costs on this machine. */
export type Result = {
  name: string;
  /** Medians, in `unit`. */
  value: number;
  unit: 'ms';
  floor: number;
  ratio: number;
  runs: number;
  /** What was worked on, and what it took besides time, where a benchmark has that to say. */
  files?: number;
  extraBytes?: number;
  tasks?: number;
  collisions?: number;
  failedBinds?: number;
  createMs?: number;
  claimP95Ms?: number;
  listP95Ms?: number;
  lagP99Ms?: number;
  rssBytes?: number;
  sleepsMs?: number;
  framesPerSecond?: number;
  heapBytes?: number;
  p95Ms?: number;
  bytesPerAgent?: number;
  eventsPerSecond?: number;
};

export type Benchmark = {
  name: string;
  title: string;
  /** `option`: what stands after the name on the command line. */
  measure(say: (line: string) => void, option?: string): Promise<Result | Result[]>;
};

export type Contenders = { value: () => Promise<number>; floor: () => Promise<number> };

/** Both in turns, so that a slow minute of the machine falls on both; what comes before `runs` only warms up. */
export async function interleave(
  name: string,
  { value, floor }: Contenders,
  { warmUps, runs, say }: { warmUps: number; runs: number; say: (line: string) => void },
): Promise<Result> {
  const times = { value: [] as number[], floor: [] as number[] };
  for (let run = 1 - warmUps; run <= runs; run++) {
    const pair = { value: await value(), floor: await floor() };
    if (run < 1) continue;
    times.value.push(pair.value);
    times.floor.push(pair.floor);
    say(`${String(run).padStart(2)}  ${pair.value.toFixed(0)} ms, floor ${pair.floor.toFixed(0)} ms`);
  }
  const [ours, least] = [median(times.value), median(times.floor)];
  const result: Result = {
    name,
    value: tenth(ours),
    unit: 'ms',
    floor: tenth(least),
    ratio: hundredth(ours / least),
    runs,
  };
  say(`median ${result.value} ms, floor ${result.floor} ms: ${result.ratio} times the floor`);
  return result;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[sorted.length - 1 - middle] ?? 0)) / 2;
}

const tenth = (value: number) => Math.round(value * 10) / 10;
const hundredth = (value: number) => Math.round(value * 100) / 100;
