import { Priority, TaskType } from '#src/domain/task.ts';
import { Field } from '../ui/field.tsx';
import { Select } from '../ui/select.tsx';
import { priorityLabels, typeLabels } from './marks.tsx';

type Kind = { type: TaskType; priority: Priority };

/** Type and priority of a task that is being written, side by side. */
export function KindFields({ type, priority, onChange }: Kind & { onChange: (change: Partial<Kind>) => void }) {
  return (
    <div className="grid grid-cols-2 gap-4">
      <Field label="Type">
        {(props) => (
          <Select
            {...props}
            options={optionsOf(typeLabels)}
            value={type}
            onValue={(value) => onChange({ type: TaskType.parse(value) })}
          />
        )}
      </Field>
      <Field label="Priority">
        {(props) => (
          <Select
            {...props}
            options={optionsOf(priorityLabels)}
            value={priority}
            onValue={(value) => onChange({ priority: Priority.parse(value) })}
          />
        )}
      </Field>
    </div>
  );
}

const optionsOf = (labels: Record<string, string>) =>
  Object.entries(labels).map(([value, label]) => ({ value, label }));
