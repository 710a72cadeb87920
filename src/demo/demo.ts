/**
 * The demo: a repository of its own, registered like any other, and six tasks with dependencies between some. It acts
 * through the API only, as a person's script would. The agents `demo` (the real one on a scripted model) and
 * `demo-command` (for hosts without it) both play `model-script.json`.
 */
import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '#src/client/client.ts';
import { makeDemoRepository } from '#src/demo/repository.ts';
import { demoTasks } from '#src/demo/tasks.ts';
import type { Project } from '#src/domain/project.ts';
import type { Task } from '#src/domain/task.ts';

export type DemoAgent = 'demo' | 'demo-command';
export type Demo = { project: Project; tasks: Task[] };
export type DemoOptions = {
  client: Client;
  /** SENTRA_HOME; the demo lives in its folder `demo`. */
  home: string;
  agent: DemoAgent;
  /** The PATH on which git is found. */
  searchPath: string;
  /** Called with a line for people at each step. */
  onProgress?: (message: string) => void;
};

/** The script that both agents of the demo play. */
export const modelScriptPath = fileURLToPath(new URL('./model-script.json', import.meta.url));
/** The program of the agent `demo-command`; its first argument is a script like the one above. */
export const commandAgentPath = fileURLToPath(new URL('./agent.mjs', import.meta.url));

/** Makes the demo, or what is missing of it. A demo that exists is answered as it is. */
export async function createDemo(options: DemoOptions): Promise<Demo> {
  const say = options.onProgress ?? (() => {});
  if (options.agent === 'demo-command')
    say('The Claude Agent SDK is not installed here: a small command agent plays its part.');
  const folder = path.join(options.home, 'demo');
  await mkdir(folder, { recursive: true });
  const repository = await makeDemoRepository(await realpath(folder), options.agent, options.searchPath);
  const project = await registerOnce(options.client, repository.path);
  say(`The demo project is at ${repository.path}.`);
  const { items } = await options.client.listTasks({ query: { projectId: project.id, limit: 1000 } });
  if (items.length > 0) return { project, tasks: items };
  const tasks = demoTasks.map((task) => ({ ...task, agent: options.agent }));
  const created = await options.client.createTasks(
    { body: { projectId: project.id, tasks } },
    { idempotencyKey: `demo-${project.id}` },
  );
  say(`${created.items.length} tasks start as their dependencies allow.`);
  return { project, tasks: created.items };
}

async function registerOnce(client: Client, repositoryPath: string): Promise<Project> {
  const { items } = await client.listProjects();
  const known = items.find((project) => project.path === repositoryPath);
  return known ?? (await client.addProject({ body: { path: repositoryPath, name: 'harbor' } }));
}
