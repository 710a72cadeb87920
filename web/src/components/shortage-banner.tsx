import { useQuery } from '@tanstack/react-query';
import { systemQuery } from '../queries.ts';
import { Code } from '../ui/code.tsx';

/** On every page: why nothing new starts on this host, and the way out. */
export function ShortageBanner() {
  const { data: system } = useQuery(systemQuery);
  if (!system?.shortages.length) return null;
  return (
    <div role="status" className="flex-none border-b border-line bg-warn-tint px-4 py-1.5 text-xs text-warn">
      {system.shortages.map(({ code, place, message }) => (
        <p key={`${code} ${place}`} className="wrap-anywhere">
          <Code text={message} />
        </p>
      ))}
    </div>
  );
}
