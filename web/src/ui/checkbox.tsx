import { Check } from 'lucide-react';
import type { ComponentProps } from 'react';

type Props = Omit<ComponentProps<'input'>, 'type' | 'onChange'> & { onChecked: (checked: boolean) => void };

export function Checkbox({ onChecked, ...rest }: Props) {
  return (
    <span className="relative inline-grid size-3.5 flex-none place-items-center">
      <input
        {...rest}
        type="checkbox"
        onChange={(event) => onChecked(event.target.checked)}
        className="peer size-3.5 appearance-none rounded-[3px] border-[1.5px] border-second checked:border-accent-fill checked:bg-accent-fill"
      />
      <Check
        aria-hidden="true"
        className="pointer-events-none absolute !size-2.5 text-white opacity-0 peer-checked:opacity-100"
      />
    </span>
  );
}
