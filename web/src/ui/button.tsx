import { type ComponentProps, useId } from 'react';

type Props = ComponentProps<'button'> & {
  look?: 'plain' | 'primary' | 'danger' | 'ghost';
  size?: 'normal' | 'small';
  icon?: boolean;
  /** Why it cannot be used now: shown on hover and told to screen readers; the button stays reachable. */
  why?: string;
};

export function Button({ look = 'plain', size = 'normal', icon, why, className = '', onClick, ...rest }: Props) {
  const whyId = useId();
  const classes = [
    'btn',
    look !== 'plain' && `btn-${look}`,
    size === 'small' && 'btn-small',
    icon && 'btn-icon',
    className,
  ];
  return (
    <>
      <button
        type="button"
        {...rest}
        className={classes.filter(Boolean).join(' ')}
        {...(why ? { 'aria-disabled': true, 'aria-describedby': whyId, title: why } : {})}
        onClick={why ? (event) => event.preventDefault() : onClick}
      />
      {why && (
        <span id={whyId} hidden>
          {why}
        </span>
      )}
    </>
  );
}
