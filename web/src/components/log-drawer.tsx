/** Logs over any page: of the task in focus, or of one that is picked first. */
import { useQuery } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import type { LogChoice } from '../log-choice.ts';
import { taskQuery } from '../queries.ts';
import { Dialog } from '../ui/dialog.tsx';
import { LogPicker } from './log-picker.tsx';
import { LogView } from './log-view.tsx';

type Props = { taskId: string | undefined; onOpenChange: (open: boolean) => void };

export function LogDrawer({ taskId, onOpenChange }: Props) {
  const [picked, setPicked] = useState(taskId);
  const first = useRef<HTMLInputElement>(null);
  if (picked === undefined)
    return (
      <Dialog open onOpenChange={onOpenChange} title="Logs of which task?" first={first}>
        <LogPicker first={first} onPick={setPicked} />
      </Dialog>
    );
  return <Drawer taskId={picked} onOpenChange={onOpenChange} />;
}

function Drawer({ taskId, onOpenChange }: { taskId: string; onOpenChange: (open: boolean) => void }) {
  const { data: task } = useQuery(taskQuery(taskId));
  const [choice, setChoice] = useState<LogChoice>({});
  const change = useCallback((next: LogChoice) => setChoice((before) => ({ ...before, ...next })), []);
  return (
    <Dialog open onOpenChange={onOpenChange} title={`Logs of ${task?.title ?? taskId}`} drawer>
      <LogView taskId={taskId} choice={choice} onChoice={change} onLeave={() => onOpenChange(false)} />
    </Dialog>
  );
}
