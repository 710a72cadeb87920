import { Link } from '@tanstack/react-router';
import { Folder } from 'lucide-react';
import type { ProjectFigures as Figures } from '../home.ts';
import { Panel } from '../ui/panel.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { Money } from './money.tsx';

type Spent = { costUsd: number | null; knownUsd: number };

/** `spentOf`: this month. */
export function ProjectFigures({
  figures,
  spentOf,
}: {
  figures: readonly Figures[];
  spentOf: (projectId: string) => Spent;
}) {
  return (
    <Panel title="Projects" note={figures.length}>
      <ScrollRegion aria-label="Projects in figures" className="overflow-x-auto">
        <table className="figures">
          <thead>
            <tr>
              {['Project', 'Running', 'Needs you', 'Failed', 'Done today', 'Open', 'This month'].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {figures.map(({ project, running, needs, failed, doneToday, open }) => (
              <tr key={project.id}>
                <th scope="row">
                  <Link to="/" search={{ project: project.id }} className="flex items-center gap-2 hover:underline">
                    <Folder aria-hidden="true" className="flex-none" />
                    <span className="cut max-w-48">{project.name}</span>
                    {project.paused && <span className="tag">paused</span>}
                  </Link>
                </th>
                <td data-zero={running === 0}>{running}</td>
                <td data-zero={needs === 0} data-tone="warn">
                  {needs}
                </td>
                <td data-zero={failed === 0} data-tone="err">
                  {failed}
                </td>
                <td data-zero={doneToday === 0}>{doneToday}</td>
                <td data-zero={open === 0}>{open}</td>
                <td>
                  <Money sum={spentOf(project.id)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </Panel>
  );
}
