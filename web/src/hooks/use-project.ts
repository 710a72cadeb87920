import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import type { Project } from '#src/domain/project.ts';
import { projectsQuery } from '../queries.ts';

/** The project in the address; the only one there is; or none, which stands for all. */
export function useProject(): { project: Project | undefined; projects: readonly Project[]; isPending: boolean } {
  const { project: id } = useSearch({ from: '/shell' });
  const { data: projects = [], isPending } = useQuery(projectsQuery);
  const project = projects.length === 1 ? projects[0] : projects.find((p) => p.id === id);
  return { project, projects, isPending };
}
