import type { RefObject } from 'react';
import { Field } from '../ui/field.tsx';

type Props = {
  title: string;
  description: string;
  onChange: (change: { title?: string; description?: string }) => void;
  /** A template may leave its title to the task. */
  isTitleOptional?: boolean;
  /** The field of the title, for who wants it to have the focus. */
  first?: RefObject<HTMLInputElement | null>;
  hint?: string;
};

/** What a person says of a task in words, wherever it is asked for. */
export function TaskFields({ title, description, onChange, isTitleOptional, first, hint }: Props) {
  return (
    <>
      <Field label="Title">
        {(props) => (
          <input
            {...props}
            required={!isTitleOptional}
            maxLength={300}
            ref={first}
            className="field"
            placeholder="What should be different?"
            value={title}
            onChange={(event) => onChange({ title: event.target.value })}
          />
        )}
      </Field>
      <Field label="Description" {...(hint ? { hint } : {})}>
        {(props) => (
          <textarea
            {...props}
            className="field"
            placeholder="Why, where, how to know that it works. Optional."
            value={description}
            onChange={(event) => onChange({ description: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
