/** What the routes of a run's timeline, replay and export do. */
import type { RunExports } from '#src/orchestrator/run-export.ts';
import type { Timelines } from '#src/orchestrator/timeline.ts';
import type { Handlers } from '#src/server/api.ts';

type Routes = 'getTimeline' | 'replayRun' | 'exportRun';

export const createRunHandlers = (timelines: Timelines, exports: RunExports): Pick<Handlers, Routes> => ({
  getTimeline: ({ params, query }) => timelines.timeline(params.id, query.run),
  replayRun: ({ params, query }) => timelines.replay(params.id, params.adwId, query),
  exportRun: ({ params, query }) => exports.file(params.id, params.adwId, query.format),
});
