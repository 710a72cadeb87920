/** Dark unless a person chose light; the choice is kept in this browser. */
import { useState } from 'react';

export type Theme = 'dark' | 'light';
const key = 'sentra.theme';

const chosen = (): Theme => (localStorage.getItem(key) === 'light' ? 'light' : 'dark');

export function applyTheme(theme: Theme = chosen()): void {
  document.documentElement.dataset.theme = theme;
}

export function useTheme(): { theme: Theme; toggle: () => void } {
  const [theme, setTheme] = useState(chosen);
  const toggle = () => {
    const next = theme === 'dark' ? 'light' : 'dark';
    localStorage.setItem(key, next);
    applyTheme(next);
    setTheme(next);
  };
  return { theme, toggle };
}
