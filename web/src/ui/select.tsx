import { ChevronDown } from 'lucide-react';
import type { ComponentProps } from 'react';

type Props = Omit<ComponentProps<'select'>, 'onChange'> & {
  options: readonly { value: string; label: string; disabled?: boolean }[];
  onValue: (value: string) => void;
};

/** The platform's own list, in our clothes. */
export function Select({ options, onValue, className = '', ...rest }: Props) {
  return (
    <span className={`relative inline-flex min-w-0 ${className}`}>
      <select {...rest} className="field select" onChange={(event) => onValue(event.target.value)}>
        {options.map(({ value, label, disabled }) => (
          <option key={value} value={value} disabled={disabled}>
            {label}
          </option>
        ))}
      </select>
      <ChevronDown
        aria-hidden="true"
        className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 text-second"
      />
    </span>
  );
}
