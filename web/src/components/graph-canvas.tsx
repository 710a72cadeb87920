import { Link } from '@tanstack/react-router';
import { Maximize, Minus, Plus } from 'lucide-react';
import { type CSSProperties, memo, useEffect, useRef, useState } from 'react';
import { isGivenUp } from '#src/domain/status.ts';
import type { Task } from '#src/domain/task.ts';
import { type GraphPicture, nodeSize } from '../graph.ts';
import { Button } from '../ui/button.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { graphTone, graphWords } from './graph-words.ts';

type Props = {
  picture: GraphPicture;
  tasks: ReadonlyMap<string, Task>;
  chain: ReadonlySet<string>;
  conflicts: readonly [string, string][];
  selected: string | undefined;
  /** On a phone a task opens; elsewhere it is shown beside. */
  opens: boolean;
};

const zooms = { least: 0.1, most: 1.5, step: 1.25 } as const;

/** The graph itself: scrolls in both directions, and can be made smaller. */
export function GraphCanvas({ picture, tasks, chain, conflicts, selected, opens }: Props) {
  const [zoom, setZoom] = useState(1);
  const region = useRef<HTMLElement>(null);
  useEffect(() => {
    const node = selected && region.current?.querySelector(`[data-card="${CSS.escape(selected)}"]`);
    if (node) node.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [selected]);
  const to = (wanted: number) => setZoom(Math.min(zooms.most, Math.max(zooms.least, wanted)));
  const fit = () => {
    const { clientWidth = 0, clientHeight = 0 } = region.current ?? {};
    to(Math.min(1, clientWidth / picture.width, clientHeight / picture.height));
  };
  const { width, height, places, lines } = picture;
  const size: CSSProperties = { width: width * zoom, height: height * zoom };
  return (
    <div className="relative flex min-h-0 min-w-0 flex-1">
      <ScrollRegion ref={region} aria-label="Graph of tasks" className="min-h-0 min-w-0 flex-1 overflow-auto">
        <div style={size}>
          <div className="graph" style={{ width, height, transform: `scale(${zoom})` }}>
            <svg aria-hidden="true" width={width} height={height}>
              {lines.map(({ from, to: above, path }) => (
                <path key={`${from} ${above}`} d={path} data-tone={lineTone(from, above, { tasks, chain })} />
              ))}
              {conflicts.map(([one, other]) => (
                <path key={`${one} ${other}`} d={between(places, one, other)} data-tone="conflict" />
              ))}
            </svg>
            {[...places].map(([id, [x, y]]) => {
              const task = tasks.get(id);
              return (
                task && (
                  <Node
                    key={id}
                    task={task}
                    x={x}
                    y={y}
                    isInChain={chain.has(id)}
                    isSelected={selected === id}
                    opens={opens}
                  />
                )
              );
            })}
          </div>
        </div>
      </ScrollRegion>
      <div className="absolute bottom-4 left-4 flex gap-2">
        <Button icon aria-label="Smaller" title="Smaller" onClick={() => to(zoom / zooms.step)}>
          <Minus aria-hidden="true" />
        </Button>
        <Button icon aria-label="Larger" title="Larger" onClick={() => to(zoom * zooms.step)}>
          <Plus aria-hidden="true" />
        </Button>
        <Button icon aria-label="Show all" title="Show all" onClick={fit}>
          <Maximize aria-hidden="true" />
        </Button>
      </div>
    </div>
  );
}

type NodeProps = { task: Task; x: number; y: number; isInChain: boolean; isSelected: boolean; opens: boolean };

const Node = memo(function Node({ task, x, y, isInChain, isSelected, opens }: NodeProps) {
  const about = {
    className: 'graph-node',
    'data-card': task.id,
    'data-tone': graphTone(task),
    'data-chain': isInChain,
    'data-selected': isSelected,
    style: { left: x, top: y, ...nodeSize },
    title: task.title,
  } as const;
  const words = (
    <>
      <span className="cut font-medium">{task.title}</span>
      <span className="flex min-w-0 items-center gap-1.5 text-xs text-second">
        <span className="dot" data-tone={graphTone(task)} />
        <span className="cut">{graphWords(task)}</span>
      </span>
    </>
  );
  return opens ? (
    <Link to="/tasks/$id" params={{ id: task.id }} search={({ project }) => ({ project })} preload={false} {...about}>
      {words}
    </Link>
  ) : (
    <Link to="/graph" search={(before) => ({ ...before, task: task.id })} replace preload={false} {...about}>
      {words}
    </Link>
  );
});

function lineTone(from: string, to: string, { tasks, chain }: Pick<Props, 'tasks' | 'chain'>): string | undefined {
  const below = tasks.get(from);
  if (below && isGivenUp(below.status) && tasks.get(to)?.status === 'blocked') return 'err';
  return chain.has(from) && chain.has(to) ? 'chain' : undefined;
}

/** From middle to middle; the boxes lie over its ends. */
function between(places: GraphPicture['places'], one: string, other: string): string {
  const middle = (id: string) => {
    const [x = 0, y = 0] = places.get(id) ?? [];
    return `${x + nodeSize.width / 2} ${y + nodeSize.height / 2}`;
  };
  return `M${middle(one)}L${middle(other)}`;
}
