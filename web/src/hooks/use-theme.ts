/** Dark unless a person chose light; the choice is kept in this browser. */
import { useSyncExternalStore } from 'react';

export type Theme = 'dark' | 'light';
const key = 'sentra.theme';
const root = document.documentElement;
const listeners = new Set<() => void>();

export function applyTheme(theme: Theme = localStorage.getItem(key) === 'light' ? 'light' : 'dark'): void {
  root.dataset.theme = theme;
  for (const changed of listeners) changed();
}

export function useTheme(): { theme: Theme; toggle: () => void } {
  const theme = useSyncExternalStore(subscribe, () => (root.dataset.theme === 'light' ? 'light' : 'dark'));
  const toggle = () => {
    const next = theme === 'dark' ? 'light' : 'dark';
    localStorage.setItem(key, next);
    applyTheme(next);
  };
  return { theme, toggle };
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}
