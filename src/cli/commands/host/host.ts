/** Commands without a noun: this host and its server. */
import type { Command } from 'commander';
import { addBackup } from '#src/cli/commands/host/backup.ts';
import { addDemo } from '#src/cli/commands/host/demo.ts';
import { addDoctor } from '#src/cli/commands/host/doctor.ts';
import { addInit } from '#src/cli/commands/host/init.ts';
import { addMcp } from '#src/cli/commands/host/mcp.ts';
import { addOpen } from '#src/cli/commands/host/open.ts';
import { addRestore } from '#src/cli/commands/host/restore.ts';
import { addServer } from '#src/cli/commands/host/server.ts';
import { addStatus } from '#src/cli/commands/host/status.ts';
import { addUp } from '#src/cli/commands/host/up.ts';
import type { Io } from '#src/cli/verb.ts';

export function addHostCommands(program: Command, io: Io): void {
  addUp(program, io);
  addServer(program, io);
  addStatus(program, io);
  addOpen(program, io);
  addInit(program, io);
  addDoctor(program, io);
  addBackup(program, io);
  addRestore(program, io);
  addDemo(program, io);
  addMcp(program, io);
}
