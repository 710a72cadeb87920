import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import type { CliParts } from '#src/cli/parts.ts';
import { nearest } from '#src/domain/project-config.ts';

/** The parts, and the exit code that a verb may set. */
export type Io = CliParts & { exitCode: number };

export type JsonOption = { json?: true };

export type VerbSpec = {
  /** With its arguments, as `show <task>`. */
  name: string;
  description: string;
  /** At least one, without the leading `npx`. */
  examples: readonly string[];
};

/** A noun, which groups verbs. */
export const addNoun = (program: Command, name: string, description: string): Command =>
  program.command(name).description(description);

/** A verb with `--json` and examples in its help. */
export function addVerb(noun: Command, spec: VerbSpec): Command {
  const examples = spec.examples.map((example) => `  $ npx ${example}`).join('\n');
  return noun
    .command(spec.name)
    .description(spec.description)
    .option('--json', 'print one JSON document')
    .addHelpText('after', `\nExamples:\n${examples}`);
}

/** An option that takes one of a few words, in either case. */
export function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices).argParser((value) => {
    const exact = choices.find((c) => c.toLowerCase() === value.toLowerCase());
    if (exact) return exact;
    const near = nearest(value, choices);
    throw new InvalidArgumentError(`${near ? `Did you mean ${near}? ` : ''}It is one of ${choices.join(', ')}.`);
  });
}

/** Parses an option that is a whole number from 1 on. */
export function positive(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('It is a whole number above zero.');
}

export const taskArgument = () => new Argument('<task>', 'id of a task, or its first characters');
export const projectOption = () =>
  new Option('--project <project>', 'id or name of a project; may be left out inside its repository');
