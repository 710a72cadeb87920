import type { ErrorCode } from '#src/errors.ts';

/** What the command line answers to a shell. The numbers are part of the contract. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notAuthorised: 4,
  pending: 8,
  interrupted: 130,
} as const;

export function exitCodeOf(code: ErrorCode): number {
  if (code === 'invalid') return exitCodes.usage;
  if (code === 'unauthorized' || code === 'forbidden') return exitCodes.notAuthorised;
  if (code === 'timed_out') return exitCodes.pending;
  return exitCodes.failed;
}
