import { LogIn } from 'lucide-react';
import type { ReactNode } from 'react';
import { Command } from '../ui/command.tsx';
import { Empty } from '../ui/empty.tsx';

/** The door: this page has no password of its own, only links that the server's owner makes. */
export function SignIn({ children }: { children?: ReactNode }) {
  return (
    <main className="flex min-h-full">
      <Empty icon={LogIn} title="Sign in to Sentra">
        {children}
        <p>This browser has no valid session. Run this command on the server's machine for a new link:</p>
        <Command text="npx sentra open" />
      </Empty>
    </main>
  );
}
