/**
 * The command line: nouns and verbs over the typed client. It parses, asks the server, prints; it decides nothing.
 * `commands/` has one file for each verb, its options above, what it does below. People get tables, `--json` gets one
 * document on standard output, errors included, and a shell gets the exit codes of `exit-codes.ts`.
 */
import { Command, CommanderError } from 'commander';
import { addAgentCommands } from '#src/cli/commands/agent/agent.ts';
import { addAnalyze } from '#src/cli/commands/analysis/analyze.ts';
import { addBreakerCommands } from '#src/cli/commands/breaker/breaker.ts';
import { addBudgetCommands } from '#src/cli/commands/budget/budget.ts';
import { addCosts } from '#src/cli/commands/cost/costs.ts';
import { addHostCommands } from '#src/cli/commands/host/host.ts';
import { addPricesCommands } from '#src/cli/commands/prices/prices.ts';
import { addProjectCommands } from '#src/cli/commands/project/project.ts';
import { addTaskCommands } from '#src/cli/commands/task/task.ts';
import { addTemplateCommands } from '#src/cli/commands/template/template.ts';
import { addTokenCommands } from '#src/cli/commands/token/token.ts';
import { addWorkerCommands } from '#src/cli/commands/worker/worker.ts';
import { addWorktreeCommands } from '#src/cli/commands/worktree/worktree.ts';
import { exitCodeOf, exitCodes } from '#src/cli/exit-codes.ts';
import type { CliParts } from '#src/cli/parts.ts';
import type { Io } from '#src/cli/verb.ts';
import { type Failure, messageOf, SentraError } from '#src/errors.ts';

/** Runs one command. `argv` is without node and script. Answers the exit code; never throws for what a user can cause. */
export async function runCli(argv: readonly string[], parts: CliParts): Promise<number> {
  const json = argv.includes('--json');
  const io: Io = { ...parts, exitCode: exitCodes.done };
  try {
    await createProgram(io, json).parseAsync([...argv], { from: 'user' });
    return io.exitCode;
  } catch (thrown) {
    if (parts.signal.aborted) return exitCodes.interrupted;
    if (thrown instanceof CommanderError) return usage(thrown, parts, json);
    const failure = failureOf(thrown);
    report(failure, parts, json);
    return exitCodeOf(failure.code);
  }
}

function createProgram(io: Io, json: boolean): Command {
  const program = new Command('sentra')
    .description('Runs tasks through coding agents, each in its own git worktree, to a merged pull request.')
    .version(io.version, '-v, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: io.stdout,
      writeErr: (text) => {
        if (!json) io.stderr(text);
      },
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
    })
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError('(add --help for the options and an example)');
  addHostCommands(program, io);
  addProjectCommands(program, io);
  addTaskCommands(program, io);
  addAnalyze(program, io);
  addTemplateCommands(program, io);
  addWorktreeCommands(program, io);
  addAgentCommands(program, io);
  addWorkerCommands(program, io);
  addBreakerCommands(program, io);
  addCosts(program, io);
  addBudgetCommands(program, io);
  addPricesCommands(program, io);
  addTokenCommands(program, io);
  return program;
}

function usage(error: CommanderError, parts: CliParts, json: boolean): number {
  if (error.exitCode === 0) return exitCodes.done;
  const message = error.code === 'commander.help' ? 'a command is needed; see --help' : error.message;
  if (json) report({ code: 'invalid', message: message.replace(/^error: /, '') }, parts, json);
  return exitCodes.usage;
}

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof SentraError) return thrown.toFailure();
  return { code: 'bug', message: `Unexpected: ${messageOf(thrown)}` };
}

function report({ code, message }: Failure, parts: CliParts, json: boolean): void {
  if (json) parts.stdout(`${JSON.stringify({ error: { code, message } })}\n`);
  else parts.stderr(`sentra: ${message}\n`);
}
