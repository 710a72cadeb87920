/** Routes of what proves a task's phases. */
import { z } from 'zod';
import { Download, items, route } from '#src/domain/api/route.ts';
import { ArtifactName, artifactTypes } from '#src/domain/artifact.ts';
import { Evidence } from '#src/domain/evidence.ts';
import { TaskId } from '#src/domain/ids.ts';

export const evidenceRoutes = {
  listEvidence: route({
    method: 'get',
    path: '/api/tasks/{id}/evidence',
    summary: 'What proves its phases',
    status: 200,
    params: z.object({ id: TaskId }),
    answer: items(Evidence),
  }),
  getArtifact: route({
    method: 'get',
    path: '/api/tasks/{id}/artifacts/{name}',
    summary: 'A picture or a film that its tests left behind, as evidence names it',
    status: 200,
    params: z.object({ id: TaskId, name: ArtifactName }),
    answer: Download,
    media: [...new Set(Object.values(artifactTypes))],
  }),
};
