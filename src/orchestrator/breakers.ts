/** What open circuit breakers mean for the scheduler: nothing starts, or one run may try. */
import type { Breaker } from '#src/domain/breaker.ts';
import type { Cap, Gate } from '#src/domain/scheduler.ts';

export const breakerGates = (breakers: readonly Breaker[]): Gate[] =>
  breakers
    .filter(({ state }) => state === 'open')
    .map((breaker) => ({
      code: 'breaker_open',
      message: `${told(breaker)}. Mend it and close the breaker (\`npx sentra breaker close ${breaker.agent} --project ${breaker.projectId}\`), or wait until its time is over: one run tries then`,
      until: breaker.until,
      projectId: breaker.projectId,
      agent: breaker.agent,
    }));

export const breakerCaps = (breakers: readonly Breaker[]): Cap[] =>
  breakers
    .filter(({ state }) => state === 'half_open')
    .map((breaker) => ({
      limit: 1,
      projectId: breaker.projectId,
      agent: breaker.agent,
      reason: { code: 'breaker_half_open', message: `${told(breaker)}, and one run tries whether it is mended` },
    }));

const told = ({ agent, failures, kind, message }: Breaker): string =>
  `the last ${failures === 1 ? 'run' : `${failures} runs`} with ${agent} failed (${kind}: ${message.split('\n')[0]})`;
