import type { ErrorComponentProps } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { messageOf } from '#src/errors.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';

const mostShown = 300;

/** In the place of a page that broke, as when Sentra was updated under it. Work goes on without the page. */
export function PageError({ error }: ErrorComponentProps) {
  return (
    <Empty icon={TriangleAlert} title="This page could not be shown">
      <p className="wrap-anywhere">{messageOf(error).slice(0, mostShown)}</p>
      <p>Your tasks go on. Load the page again; if it stays so, please report what is said above.</p>
      <Button look="primary" onClick={() => location.reload()}>
        Load again
      </Button>
    </Empty>
  );
}
