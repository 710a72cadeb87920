/** What a project's agents are told in each role: the default, or the project's own words with their history. */
import { type Prompt, type PromptRole, promptProblem, promptRoles, promptVariables } from '#src/domain/prompt.ts';
import { SentraError } from '#src/errors.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { addPromptVersion, listPromptVersions } from '#src/store/prompts.ts';
import { systemPrompt } from '#src/workflows/prompts.ts';

export type Prompts = {
  list(projectId: string): Promise<Prompt[]>;
  get(projectId: string, role: PromptRole): Promise<Prompt>;
  /** Null goes back to the default. Throws `invalid` for a variable that does not exist. */
  put(projectId: string, role: PromptRole, text: string | null): Promise<Prompt>;
};

const variables = Object.entries(promptVariables).map(([name, meaning]) => ({ name, meaning }));

export function createPrompts({ database, changes }: { database: Database; changes: Changes }): Prompts {
  const { db } = database;
  const read = async (projectId: string, role: PromptRole): Promise<Prompt> => {
    const versions = await listPromptVersions(db, projectId, role);
    const [last] = versions;
    const defaultText = systemPrompt(role);
    return {
      role,
      text: last?.text ?? defaultText,
      isDefault: (last?.text ?? null) === null,
      version: last?.version ?? null,
      defaultText,
      variables,
      versions,
    };
  };
  return {
    async list(projectId) {
      await getProjectRow(db, projectId);
      return Promise.all(promptRoles.map((role) => read(projectId, role)));
    },
    async get(projectId, role) {
      await getProjectRow(db, projectId);
      return read(projectId, role);
    },
    async put(projectId, role, text) {
      await getProjectRow(db, projectId);
      const problem = text === null ? undefined : promptProblem(text);
      if (problem) throw new SentraError('invalid', problem);
      await changes.change(async ({ tx, record }) => {
        await addPromptVersion(tx, projectId, role, text === null ? null : text.trim());
        record({ type: 'project.changed', projectId });
      });
      return read(projectId, role);
    },
  };
}
