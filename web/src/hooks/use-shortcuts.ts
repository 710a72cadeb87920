import { type RefObject, useEffect, useRef } from 'react';

/** Key or two keys in a row (`g b`) to what they do; nothing happens while a person types or another dialog is open. */
export type Shortcuts = Record<string, () => void>;

const chordMs = 1000;

/** `within`: what the keys belong to, where that may be inside of a dialog. */
export function useShortcuts(shortcuts: Shortcuts, within?: RefObject<HTMLElement | null>): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    let before = { key: '', at: 0 };
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isBusy(event.target, within?.current)) return;
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
  }, [within]);
}

function isBusy(target: EventTarget | null, within: HTMLElement | null | undefined): boolean {
  const dialogs = [...document.querySelectorAll('[role="dialog"]')];
  if (dialogs.some((dialog) => !within || !dialog.contains(within))) return true;
  return target instanceof HTMLElement && target.matches('input:not([type="checkbox"]), textarea, select');
}
