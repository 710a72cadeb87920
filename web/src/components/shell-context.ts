import { createContext, useContext } from 'react';
import type { SocketState } from '../socket.ts';

/** What every page may use of the frame around it. */
export type ShellContext = {
  newTask: () => void;
  showPalette: () => void;
  showShortcuts: () => void;
  connection: SocketState;
};

export const ShellContext = createContext<ShellContext | undefined>(undefined);

export function useShell(): ShellContext {
  const shell = useContext(ShellContext);
  if (!shell) throw new Error('useShell is used outside of Shell');
  return shell;
}
