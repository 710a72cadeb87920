#!/usr/bin/env node
/**
 * The entry. What Node compiled of the program it takes from SENTRA_HOME the next time, which halves the time to start; that has to be said
 * before anything else is loaded. Not in a shared temporary folder: whoever can write there could run code here.
 */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { homePath } from '#src/home-path.ts';
import { giveWayToReaper } from '#src/process/reaper.ts';

giveWayToReaper();

const home = homePath();
if (existsSync(home)) enableCompileCache(path.join(home, 'compiled'));
await import('#src/program.ts');
