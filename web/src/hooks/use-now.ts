import { useEffect, useState } from 'react';

/** The time in milliseconds, anew every `everyMs` while `ticking`. */
export function useNow(ticking: boolean, everyMs = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [ticking, everyMs]);
  return now;
}

/** The time of the server, which said `serverNow` when it was last asked; anew every second while `ticking`. */
export function useServerNow(serverNow: string, ticking: boolean): number {
  const [{ said, ahead }, setSaid] = useState({ said: serverNow, ahead: Date.parse(serverNow) - Date.now() });
  if (said !== serverNow) setSaid({ said: serverNow, ahead: Date.parse(serverNow) - Date.now() });
  const now = useNow(ticking) + ahead;
  return ticking ? Math.max(now, Date.parse(serverNow)) : Date.parse(serverNow);
}
