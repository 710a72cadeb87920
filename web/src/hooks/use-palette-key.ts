import { useEffect, useRef } from 'react';

/** What opens the palette on this machine, as it is written on a key. */
export const paletteKey = /mac|iphone|ipad/i.test(navigator.platform) ? '⌘K' : 'Ctrl K';

/** Opens the palette, also while a person types; again closes it. Another dialog is answered first. */
export function usePaletteKey(isOpen: boolean, toggle: () => void): void {
  const latest = useRef({ isOpen, toggle });
  useEffect(() => {
    latest.current = { isOpen, toggle };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isKey = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      if (!isKey || event.key.toLowerCase() !== 'k' || event.repeat) return;
      event.preventDefault();
      if (latest.current.isOpen || !document.querySelector('[role="dialog"]')) latest.current.toggle();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
