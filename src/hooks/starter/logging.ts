/** Tells Sentra of the points of a session. Fails open: what cannot be told stops nobody. */
import { readInput, report } from './sentra.ts';

await report('logging', await readInput());
