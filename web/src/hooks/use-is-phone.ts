import { useSyncExternalStore } from 'react';

const query = matchMedia('(max-width: 767px)');

const subscribe = (changed: () => void) => {
  query.addEventListener('change', changed);
  return () => query.removeEventListener('change', changed);
};

/** The width at which the layout changes; the same as in app.css. */
export const useIsPhone = () => useSyncExternalStore(subscribe, () => query.matches);
