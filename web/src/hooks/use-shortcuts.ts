import { useEffect, useRef } from 'react';

/** Key or two keys in a row (`g b`) to what they do; nothing happens while a person types or a dialog is open. */
export type Shortcuts = Record<string, () => void>;

const chordMs = 1000;

export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    let before = { key: '', at: 0 };
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isBusy(event.target)) return;
      const key = event.key === 'Escape' ? 'esc' : event.key;
      const chord = event.timeStamp - before.at < chordMs ? `${before.key} ${key}` : '';
      const run = latest.current[chord] ?? latest.current[key];
      before = { key, at: event.timeStamp };
      if (!run) return;
      event.preventDefault();
      run();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('[role="dialog"]')) return true;
  return target instanceof HTMLElement && target.matches('input:not([type="checkbox"]), textarea, select');
}
