import { Check, Clock, type LucideIcon, Play, TriangleAlert, UserRound, X } from 'lucide-react';
import type { AnalysisStatus } from '#src/domain/analysis.ts';

const looks: Record<AnalysisStatus, { label: string; tone?: string; icon: LucideIcon }> = {
  queued: { label: 'Queued', icon: Clock },
  running: { label: 'Reading', tone: 'accent', icon: Play },
  proposed: { label: 'Waits for you', tone: 'warn', icon: UserRound },
  approved: { label: 'Tasks created', tone: 'ok', icon: Check },
  failed: { label: 'Failed', tone: 'err', icon: TriangleAlert },
  cancelled: { label: 'Ended', icon: X },
};

export function AnalysisTag({ status }: { status: AnalysisStatus }) {
  const { label, tone, icon: Icon } = looks[status];
  return (
    <span className="tag" data-tone={tone}>
      <Icon aria-hidden="true" />
      {label}
    </span>
  );
}
