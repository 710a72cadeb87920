import { formatUsd } from '../format.ts';

type Props = { usd: number; sum?: never } | { usd?: never; sum: { costUsd: number | null; knownUsd: number } };

/** An amount; a sum of which a part has no price says so. */
export function Money({ usd, sum }: Props) {
  if (usd !== undefined) return <>{formatUsd(usd)}</>;
  if (sum.costUsd !== null) return <>{formatUsd(sum.costUsd)}</>;
  return <>{sum.knownUsd > 0 ? `at least ${formatUsd(sum.knownUsd)}` : 'unknown'}</>;
}
