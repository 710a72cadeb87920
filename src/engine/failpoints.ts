/**
 * Named points at the boundaries of every step, at which a test build of the process (test/chaos) kills, fails or hangs it.
 * The product never arms them: there a point is passed, and nothing else happens.
 */

/** Before the step's work, after its effect and before it is recorded, and after the record. */
export const boundaries = ['before', 'effect', 'record'] as const;
export type Boundary = (typeof boundaries)[number];

/** What happens at a point; `undefined` lets it pass. */
export type Trap = (point: string) => Promise<void> | undefined;

let trap: Trap | undefined;

/** For test builds only: test/conventions.test.ts sees to that. */
export function armFailpoints(armed: Trap): void {
  trap = armed;
}

export const passFailpoint = (step: string, boundary: Boundary): Promise<void> | undefined =>
  trap?.(failpointOf(step, boundary));

/** The attempt is left out: every attempt of a phase passes the same points, as in `CODE session@effect`. */
export const failpointOf = (step: string, boundary: Boundary): string => `${step.replace(/ \d+:/, '')}@${boundary}`;
