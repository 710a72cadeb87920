import { z } from 'zod';
import { Analysis, AnalysisPatch, NewAnalysis } from '#src/domain/analysis.ts';
import { AnalysisId } from '#src/domain/ids.ts';
import { changes, reads, tool } from '#src/mcp/tool.ts';
import { TaskAnswer } from '#src/mcp/tools/task.ts';

/** Without the schema's id, so that it stands at the root of a tool's answer. The specification is the caller's own. */
const AnalysisAnswer = z.object(Analysis.shape).omit({ specification: true });
const withoutSpecification = ({ specification: _, ...rest }: Analysis) => rest;
const analysisId = AnalysisId;

const analyze = tool({
  name: 'analyze',
  title: 'Turn a specification into tasks',
  description:
    'Have an agent read a specification, or with none the repository for what it needs, and propose a graph of small tasks. It takes minutes: answers at once with the id, follow it with get_analysis until its status is proposed or failed. Nothing is a task before approve_analysis.',
  input: z.object(NewAnalysis.shape),
  output: AnalysisAnswer,
  annotations: changes,
  run: async (client, body) => withoutSpecification(await client.createAnalysis({ body })),
});

const getAnalysis = tool({
  name: 'get_analysis',
  title: 'Get an analysis',
  description:
    'One analysis: its status, the tasks that are proposed, in the form create_tasks takes them, and the problems that stand in the way of approving them. Once approved, taskIds has the task of each key.',
  input: z.object({ analysisId }),
  output: AnalysisAnswer,
  annotations: reads,
  run: async (client, { analysisId: id }) => withoutSpecification(await client.getAnalysis({ params: { id } })),
});

const editAnalysis = tool({
  name: 'edit_analysis',
  title: 'Edit a proposal',
  description:
    'Put the whole list of proposed tasks as it shall be. Pass the version that you have seen: when somebody else has edited it since, the edit is refused and get_analysis shows theirs.',
  input: z.object({ analysisId, ...AnalysisPatch.shape }),
  output: AnalysisAnswer,
  annotations: changes,
  run: async (client, { analysisId: id, ...body }) =>
    withoutSpecification(await client.patchAnalysis({ params: { id }, body })),
});

const approveAnalysis = tool({
  name: 'approve_analysis',
  title: 'Create the proposed tasks',
  description:
    'Create the tasks of a proposal, all or nothing; with start true they begin as their dependencies allow. Again answers the same tasks. Answers them, each with its key.',
  input: z.object({ analysisId, start: z.boolean().default(false), version: z.number().int().optional() }),
  output: z.object({ items: z.array(TaskAnswer.extend({ key: z.string() })) }),
  annotations: changes,
  run: (client, { analysisId: id, ...body }) => client.approveAnalysis({ params: { id }, body }),
});

export const analysisTools = [analyze, getAnalysis, editAnalysis, approveAnalysis];
