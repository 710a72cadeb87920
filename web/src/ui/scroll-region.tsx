import type { ComponentProps } from 'react';

/** A part of the page that scrolls by itself, and can therefore be reached by keyboard. */
export function ScrollRegion({ className = '', ...rest }: ComponentProps<'section'> & { 'aria-label': string }) {
  return (
    <section
      {...rest}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: without a place in the tab order it cannot be scrolled by keys
      tabIndex={0}
      className={`focus-visible:-outline-offset-2 ${className}`}
    />
  );
}
