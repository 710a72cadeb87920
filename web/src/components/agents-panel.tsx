/** The agents of the server's host: what is installed and logged in, and what each can do. */
import { useQuery } from '@tanstack/react-query';
import { Check, ChevronRight, X } from 'lucide-react';
import { type AgentInfo, describeCapabilities } from '#src/domain/agent-info.ts';
import { messageOf } from '#src/errors.ts';
import { agentsQuery } from '../queries.ts';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

export function AgentsPanel() {
  const { data: agents = [], error } = useQuery(agentsQuery);
  const there = agents.filter(({ installed }) => installed);
  const absent = agents.filter(({ installed }) => !installed);
  return (
    <Panel title="Agents" note={there.length}>
      {error && (
        <div className="p-4">
          <Notice tone="err">{messageOf(error)}</Notice>
        </div>
      )}
      <ul>
        {there.map((agent) => (
          <AgentRow key={agent.name} agent={agent} />
        ))}
      </ul>
      {absent.length > 0 && (
        <p className="border-t border-line px-4 py-2.5 text-xs text-second">
          Known by name, and not installed on this host: {absent.map(({ name }) => name).join(', ')}.
        </p>
      )}
    </Panel>
  );
}

function AgentRow({ agent }: { agent: AgentInfo }) {
  return (
    <li className="border-t border-line first:border-t-0">
      <details className="group px-4 py-2.5">
        <summary className="flex min-h-6 flex-wrap items-center gap-x-2">
          {agent.available ? (
            <Check aria-hidden="true" className="text-ok" />
          ) : (
            <X aria-hidden="true" className="text-second" />
          )}
          <span>{agent.name}</span>
          <span className="text-second">{agent.title ?? `kind ${agent.kind}`}</span>
          {agent.version && <span className="mono text-xs text-second">{agent.version}</span>}
          <span className="ml-auto text-xs text-second">{stateOf(agent)}</span>
          <ChevronRight aria-hidden="true" className="text-second group-open:rotate-90" />
        </summary>
        {agent.reason && <p className="pt-1 pl-6 text-xs text-second wrap-anywhere">{agent.reason}</p>}
        <dl className="facts pt-2 pl-6 text-xs">
          {describeCapabilities(agent.capabilities).map(({ name, value }) => (
            <div key={name} className="contents">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  );
}

function stateOf({ available, loggedIn }: AgentInfo): string {
  if (!available) return loggedIn === false ? 'not logged in' : 'not available';
  return loggedIn ? 'logged in' : 'available';
}
