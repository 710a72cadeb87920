import { Link } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { Empty } from '../ui/empty.tsx';

export function NotFound() {
  return (
    <main className="flex min-h-full">
      <Empty icon={Compass} title="There is no such page">
        <Link to="/" className="btn">
          To the board
        </Link>
      </Empty>
    </main>
  );
}
