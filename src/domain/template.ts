import { z } from 'zod';
import { TaskPatch } from '#src/domain/task.ts';

const TemplateFields = TaskPatch.pick({
  title: true,
  description: true,
  type: true,
  priority: true,
  workflowType: true,
  agent: true,
  model: true,
  effort: true,
  labels: true,
});

/** What a kind of task has in common: what it says fills a new task where the request says nothing. */
export const Template = z
  .strictObject({ name: z.string().trim().min(1, 'a template needs a name').max(100), fields: TemplateFields })
  .meta({ id: 'Template' });
export type Template = z.infer<typeof Template>;

export const TemplatePatch = z.strictObject({ fields: TemplateFields });
