/** The hosts of an agent's model, beside those that the project names for its rooms. */
import type { Room } from '#src/sandbox/sandbox.ts';

export function reach(hosts: readonly string[], egress: Room['egress']): Pick<Room, 'egress'> {
  if (!egress || egress.allowed === 'open') return {};
  return { egress: { ...egress, allowed: [...egress.allowed, ...hosts] } };
}
