import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Task } from '#src/domain/task.ts';
import { environmentQuery } from '../queries.ts';

/** What the worktree has for itself: ports, a database; folded, the ports of other tasks. Nothing without a worktree. */
export function TaskPorts({ task }: { task: Task }) {
  const { data } = useQuery({ ...environmentQuery(task.id), enabled: task.worktreePath !== null });
  const { database, peers = [] } = data ?? {};
  if (Object.keys(task.ports).length === 0) return null;
  return (
    <section aria-label="Ports">
      <h2>Ports</h2>
      <Ports ports={task.ports} />
      {peers.length > 0 && (
        <details>
          <summary className="cursor-pointer text-second">Of other tasks: {peers.length}</summary>
          {peers.map((peer) => (
            <div key={peer.taskId} className="mt-2">
              <Link
                to="/tasks/$id"
                params={{ id: peer.taskId }}
                search={({ project }) => ({ project })}
                className="cut block"
              >
                {peer.title}
              </Link>
              <Ports ports={peer.ports} />
            </div>
          ))}
        </details>
      )}
      {database && (
        <p className="wrap-anywhere text-second">
          Its own {database.kind} <span className="mono text-body">{database.name}</span> on {database.place}
        </p>
      )}
    </section>
  );
}

function Ports({ ports }: { ports: Task['ports'] }) {
  return (
    <dl className="facts facts-wide">
      {Object.entries(ports).flatMap(([name, port]) => [
        <dt key={name}>{name}</dt>,
        <dd key={port} className="mono leading-5">
          {port}
        </dd>,
      ])}
    </dl>
  );
}
