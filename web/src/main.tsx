/** Nothing but what has to happen before any schema is made; the page itself is `app.tsx`. */
import './app.css';
import { config } from 'zod';

// Zod probes for `eval` with the first schema; the content security policy refuses that and reports an attack.
config({ jitless: true });
void import('./app.tsx');
