/** How something went over the last minutes, for the eye only: the present figure stands beside it. */
export function SparkLine({ points }: { points: string }) {
  return (
    <svg className="spark" viewBox="0 -1 100 18" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points} />
    </svg>
  );
}
