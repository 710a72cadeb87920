/** Whether everything is as it must be, whatever died before: `sentra doctor --verify`. */
import { z } from 'zod';

export const Verification = z
  .object({
    ok: z.boolean(),
    checks: z.array(
      z.object({
        name: z.string(),
        ok: z.boolean(),
        /** How many things were looked at. */
        looked: z.number().int(),
        /** Each names what is wrong and what to do. */
        problems: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'Verification' });
export type Verification = z.infer<typeof Verification>;
