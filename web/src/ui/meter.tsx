/** How much of something is taken, as a bar for the eye: the figure stands beside it. `part`: 0 to 1. */
export const Meter = ({ part }: { part: number }) => (
  <span className="meter" aria-hidden="true">
    <i style={{ width: `${Math.min(100, Math.max(0, part * 100))}%` }} />
  </span>
);
