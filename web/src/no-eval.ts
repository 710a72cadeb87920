/** Imported first: zod probes for `eval` when a schema is made, which the content security policy reports as an attack. */
import { config } from 'zod';

config({ jitless: true });
