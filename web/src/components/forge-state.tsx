import { CircleCheck, CircleDashed, CircleX, ExternalLink } from 'lucide-react';
import type { Check, ForgeView } from '#src/domain/forge.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

const names = { github: 'GitHub', local: 'Sentra' } as const;

const looks = {
  passed: { icon: CircleCheck, tone: 'ok', word: 'passed' },
  failed: { icon: CircleX, tone: 'err', word: 'failed' },
  pending: { icon: CircleDashed, tone: 'warn', word: 'is pending' },
} as const;

/** What a pull request's forge shows of it: its page, checks, verdicts, and what is in the way there. */
export function ForgeState({ forge, onPush }: { forge: ForgeView; onPush: (() => void) | undefined }) {
  const name = names[forge.kind];
  return (
    <section aria-label={`At ${name}`} className="flex flex-col gap-2">
      {forge.problem && <Notice tone="warn">{forge.problem}</Notice>}
      {forge.problem && onPush && (
        <Button className="self-start" onClick={onPush}>
          Push again
        </Button>
      )}
      <div className="flex flex-wrap items-center gap-2">
        {forge.url ? (
          <a className="inline-flex min-h-8 items-center gap-1" href={forge.url} target="_blank" rel="noreferrer">
            Open at {name}
            <ExternalLink aria-hidden="true" />
          </a>
        ) : (
          <span className="text-second">Not open at {name} yet</span>
        )}
        {forge.reviews.map(({ author, verdict }) => (
          <span key={author} className="tag wrap-anywhere" data-tone={verdict === 'approved' ? 'ok' : 'warn'}>
            {author} {verdict === 'approved' ? 'approved' : 'asked for changes'}
          </span>
        ))}
        {forge.checks.map((check) => (
          <CheckTag key={check.name} check={check} />
        ))}
      </div>
    </section>
  );
}

function CheckTag({ check: { name, state, required, url } }: { check: Check }) {
  const { icon: Icon, tone, word } = looks[state];
  const text = (
    <>
      <Icon aria-hidden="true" />
      {name} {word}
      {required ? ', required' : ''}
    </>
  );
  return url ? (
    <a className="tag wrap-anywhere" data-tone={tone} href={url} target="_blank" rel="noreferrer">
      {text}
    </a>
  ) : (
    <span className="tag wrap-anywhere" data-tone={tone}>
      {text}
    </span>
  );
}
