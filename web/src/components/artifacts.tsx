import type { Artifact } from '#src/domain/artifact.ts';

/** Pictures and films that tests left behind; a click opens one in full. */
export function Artifacts({ taskId, artifacts }: { taskId: string; artifacts: readonly Artifact[] }) {
  return (
    <ul className="flex flex-wrap gap-3" aria-label="Pictures and films of the tests">
      {artifacts.map((one) => (
        <li key={one.name} className="flex max-w-60 flex-col gap-1">
          <Shown url={`/api/tasks/${taskId}/artifacts/${one.name}`} artifact={one} />
          <span className="cut text-xs text-second" title={one.path}>
            {one.path}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Shown({ url, artifact }: { url: string; artifact: Artifact }) {
  if (artifact.type.startsWith('video/'))
    return (
      // biome-ignore lint/a11y/useMediaCaption: a film of a test has no words
      <video
        src={url}
        controls
        preload="metadata"
        className="max-h-40 rounded border border-line"
        aria-label={artifact.path}
      />
    );
  return (
    <a href={url} target="_blank" rel="noreferrer">
      <img src={url} alt={artifact.path} loading="lazy" className="max-h-40 rounded border border-line" />
    </a>
  );
}
