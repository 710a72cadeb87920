/** What a repository brings for agents, in full, and whether they may load it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ShieldCheck, ShieldQuestion } from 'lucide-react';
import { useState } from 'react';
import { showName } from '#src/domain/display.ts';
import type { Project } from '#src/domain/project.ts';
import type { Trust } from '#src/domain/trust.ts';
import { messageOf } from '#src/errors.ts';
import { api, trustQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';

export function ProjectTrust({ project }: { project: Project }) {
  const { data: trust } = useQuery(trustQuery(project.id));
  const [open, setOpen] = useState(false);
  if (!trust || trust.state === 'nothing') return null;
  const isTrusted = trust.state === 'trusted';
  return (
    <div className="flex flex-wrap items-center gap-2">
      {isTrusted ? (
        <ShieldCheck aria-hidden="true" className="text-ok" />
      ) : (
        <ShieldQuestion aria-hidden="true" className="text-warn" />
      )}
      <p className="min-w-0 flex-1 text-second">{sentenceOf(trust)}</p>
      <Button size="small" aria-label={`Review what ${project.name} brings for agents`} onClick={() => setOpen(true)}>
        Review
      </Button>
      {open && <TrustDialog project={project} trust={trust} onClose={() => setOpen(false)} />}
    </div>
  );
}

function sentenceOf({ state, files, changed }: Trust): string {
  const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
  if (state === 'trusted') return `Agents load ${count} of settings, hooks, servers and instructions from it.`;
  if (state === 'refused') return 'It brings settings or instructions for agents that cannot be trusted.';
  return changed.length > 0
    ? `Its settings and instructions for agents changed since you trusted them: agents run without them.`
    : `It brings ${count} of settings, hooks, servers and instructions for agents. They run without them.`;
}

type Props = { project: Project; trust: Trust; onClose: () => void };

function TrustDialog({ project, trust, onClose }: Props) {
  const queryClient = useQueryClient();
  const decide = useMutation({
    mutationFn: () =>
      trust.state === 'trusted'
        ? api.distrustProject({ params: { id: project.id } })
        : api.trustProject({ params: { id: project.id }, body: { hash: trust.hash } }),
    onSuccess: onClose,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['projects', project.id] }),
  });
  const isTrusted = trust.state === 'trusted';
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`What ${project.name} brings for agents`}
      description="Agents load exactly this and nothing else, in their rooms. When any of it changes they run without it until you trust it again."
    >
      <div className="flex min-h-0 flex-col gap-4 p-4">
        <TrustedFiles trust={trust} />
        {trust.problems.length > 0 && <Notice tone="warn">{trust.problems.map(showName).join('; ')}</Notice>}
        {decide.isError && <Notice tone="err">{messageOf(decide.error)}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button
            look={isTrusted ? 'danger' : 'primary'}
            disabled={decide.isPending || trust.state === 'refused'}
            title={trust.state === 'refused' ? 'Make these plain files of the repository first' : undefined}
            onClick={() => decide.mutate()}
          >
            {isTrusted ? 'Take trust back' : 'Trust this content'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function TrustedFiles({ trust: { files, changed } }: { trust: Trust }) {
  const changes = new Map(changed.map(({ path, change }) => [path, change]));
  const removed = changed.filter(({ change }) => change === 'removed');
  return (
    <ScrollRegion className="max-h-[50vh] overflow-y-auto" aria-label="Files that agents load">
      <ul className="flex flex-col gap-2">
        {files.map(({ path, kind, mode, text }) => (
          <li key={path}>
            <details open={changes.has(path)}>
              <summary className="cursor-pointer wrap-anywhere">
                <span className="mono">{showName(path)}</span> <span className="tag">{kind}</span>{' '}
                {changes.has(path) && (
                  <span className="tag" data-tone="warn">
                    {changes.get(path)}
                  </span>
                )}
              </summary>
              <pre className="mono mt-1 overflow-x-auto rounded-md border border-line p-2 text-xs">
                {mode === '120000' ? `a link to ${showName(text ?? '')}` : (text ?? 'No text.')}
              </pre>
            </details>
          </li>
        ))}
        {removed.map(({ path }) => (
          <li key={path}>
            <span className="mono">{showName(path)}</span>{' '}
            <span className="tag" data-tone="warn">
              removed
            </span>
          </li>
        ))}
      </ul>
    </ScrollRegion>
  );
}
