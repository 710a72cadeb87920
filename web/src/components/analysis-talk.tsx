import { useQuery } from '@tanstack/react-query';
import { useLayoutEffect, useRef } from 'react';
import { messageOf } from '#src/errors.ts';
import { analysisLogsQuery } from '../queries.ts';
import { Notice } from '../ui/notice.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { AnsiText } from './ansi-text.tsx';

type Props = { id: string; isActive: boolean };

const nearEnd = 40;

/** The latest lines of the agent, followed while a person has not scrolled up. */
export function AnalysisTalk({ id, isActive }: Props) {
  const { data: lines = [], error } = useQuery(analysisLogsQuery(id, isActive));
  const scroller = useRef<HTMLElement>(null);
  const isFollowing = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are the reason to move
  useLayoutEffect(() => {
    if (isFollowing.current) scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, [lines]);
  return (
    <>
      {error && <Notice tone="err">{messageOf(error)}</Notice>}
      <ScrollRegion
        ref={scroller}
        aria-label="What the agent says"
        className="panel min-h-32 flex-1 overflow-y-auto px-4 py-3"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isFollowing.current = scrollHeight - scrollTop - clientHeight < nearEnd;
        }}
      >
        {lines.length === 0 && (
          <p className="text-second">{isActive ? 'The agent has not said anything yet.' : 'The agent said nothing.'}</p>
        )}
        <ol className="flex flex-col gap-1">
          {lines.map(({ seq, message, level }) => (
            <li
              key={seq}
              className={`whitespace-pre-wrap wrap-anywhere ${level === 'error' ? 'text-err-text' : 'text-body'}`}
            >
              <AnsiText text={message} />
            </li>
          ))}
        </ol>
      </ScrollRegion>
    </>
  );
}
