/** The right side of the Resources page: what the host has left, its agents, this server. */
import { Check, X } from 'lucide-react';
import { describeNetwork } from '#src/domain/confinement.ts';
import type { Resources } from '#src/domain/resources.ts';
import type { System } from '#src/domain/system.ts';
import { formatBytes, formatSince, plural } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { sparkPoints } from '../resources.ts';
import { Meter } from '../ui/meter.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { SparkLine } from '../ui/spark-line.tsx';

export function HostPanel({ system }: { system: System }) {
  const { slots, cpus, load, memory, disk } = system;
  const rows = [
    { name: 'Slots', part: slots.inUse / Math.max(1, slots.total), text: `${slots.inUse} of ${slots.total}` },
    { name: 'Processors', part: load / Math.max(1, cpus), text: `load ${load.toFixed(1)} of ${cpus}` },
    { name: 'Memory', part: 1 - memory.free / memory.total, text: usedOf(memory) },
    { name: 'Disk', part: 1 - disk.free / disk.total, text: usedOf(disk) },
  ];
  return (
    <Panel title="Host" note={`${plural(Math.max(0, slots.total - slots.inUse), 'slot')} free`}>
      <dl className="grid grid-cols-[80px_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-2 p-4 text-xs">
        {rows.map(({ name, part, text }) => (
          <div key={name} className="contents">
            <dt className="text-second">{name}</dt>
            <dd aria-hidden="true">
              <Meter part={part} />
            </dd>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p className="border-t border-line px-4 py-2.5 text-xs text-second">
        {plural(slots.total, 'slot')}: {slots.reason}
      </p>
    </Panel>
  );
}

const usedOf = ({ total, free }: { total: number; free: number }) =>
  `${formatBytes(total - free)} of ${formatBytes(total)}`;

/** What all tasks take together, now and over the last minutes. */
export function TasksTogether({ resources }: { resources: Resources }) {
  const { totals, history } = resources;
  const line = (values: number[]) => sparkPoints(values, 100, 16);
  const rows = [
    { name: 'Memory', text: formatBytes(totals.memory), points: line(history.map((one) => one.memory)) },
    { name: 'Processors', text: `${totals.cores.toFixed(1)} cores`, points: line(history.map((one) => one.cores)) },
  ];
  return (
    <Panel title="Tasks together" note={plural(totals.processes, 'process', 'processes')}>
      <dl className="grid grid-cols-[80px_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-2 p-4 text-xs">
        {rows.map(({ name, text, points }) => (
          <div key={name} className="contents">
            <dt className="text-second">{name}</dt>
            <dd aria-hidden="true">
              <SparkLine points={points} />
            </dd>
            <dd>{text}</dd>
          </div>
        ))}
        <dt className="text-second">Disk</dt>
        <dd className="col-span-2 text-right">
          {totals.tasksOwn === null
            ? 'being measured'
            : `${formatBytes(totals.tasksOwn)} of their own, ${formatBytes(totals.tasksShared ?? 0)} shared`}
        </dd>
        <dt className="text-second">Ports</dt>
        <dd className="col-span-2 text-right">{totals.ports}</dd>
      </dl>
    </Panel>
  );
}

export function AgentsPanel({ system }: { system: System }) {
  return (
    <Panel title="Agents" note={system.agents.length}>
      <ul className="px-4 py-2">
        {system.agents.map((agent) => (
          <li key={agent.name} className="flex flex-col py-1.5">
            <span className="flex items-center gap-2">
              {agent.available ? (
                <Check aria-hidden="true" className="text-ok" />
              ) : (
                <X aria-hidden="true" className="text-second" />
              )}
              {agent.name}
              <span className="ml-auto text-xs text-second">{agent.available ? 'available' : 'not available'}</span>
            </span>
            {agent.reason && <span className="pl-6 text-xs text-second wrap-anywhere">{agent.reason}</span>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function ServerPanel({ system }: { system: System }) {
  const now = useNow(true, 15_000);
  return (
    <Panel title="Server" note={`version ${system.version}`}>
      <div className="flex flex-col gap-3 p-4">
        <dl className="facts">
          <dt>Started</dt>
          <dd>{formatSince(system.startedAt, now)}</dd>
          <dt>Home</dt>
          <dd className="mono leading-5">{system.home}</dd>
          <dt>Database</dt>
          <dd>
            {system.database.kind}, {system.database.reachable ? 'reachable' : 'not reachable'}
            <div className="mono text-second">{system.database.place}</div>
          </dd>
          <dt>Isolation</dt>
          <dd>
            {system.isolation.available ? 'available' : 'not available'}
            {system.isolation.available && (
              <div className="text-second">
                {describeNetwork(system.isolation.network)}; {system.isolation.limits}
              </div>
            )}
          </dd>
        </dl>
        {!system.isolation.available && (
          <Notice tone="warn">{system.isolation.reason ?? 'Agents run without isolation on this host.'}</Notice>
        )}
      </div>
    </Panel>
  );
}
