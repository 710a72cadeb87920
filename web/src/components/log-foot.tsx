import { useState } from 'react';
import { formatCount } from '../format.ts';
import type { LogFacts } from '../log-source.ts';
import { removedText } from './log-empty.tsx';

const words = { loading: 'Loading', live: 'Live', connecting: 'Connecting', lost: 'Connection lost, trying again' };
const tones = { loading: 'run', live: 'ok', connecting: 'run', lost: 'warn' };

export function LogFoot({ facts, onGo }: { facts: LogFacts; onGo: (seq: number) => void }) {
  return (
    <div className="log-foot">
      <span className="flex items-center gap-2" role="status">
        <span className="dot" data-tone={tones[facts.state]} />
        {words[facts.state]}
      </span>
      <GoToLine last={facts.lastSeq} onGo={onGo} />
      {facts.removed && facts.total > 0 && <span className="cut text-warn">{removedText(facts.removed)}</span>}
      <span className="ml-auto whitespace-nowrap">
        {formatCount(facts.matched)}
        <span className="max-md:hidden"> of {formatCount(facts.total)}</span> {facts.matched === 1 ? 'line' : 'lines'}
      </span>
    </div>
  );
}

function GoToLine({ last, onGo }: { last: number; onGo: (seq: number) => void }) {
  const [text, setText] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const seq = Number(text);
        if (!seq) return;
        onGo(seq);
        setText('');
      }}
    >
      <input
        type="text"
        inputMode="numeric"
        pattern="[0-9]*"
        aria-label="Go to line"
        placeholder="Go to line"
        title={`A number up to ${formatCount(last)}`}
        className="log-go"
        value={text}
        onChange={(event) => setText(event.target.value.replace(/\D/g, ''))}
      />
    </form>
  );
}
