export function Brand() {
  return (
    <svg
      viewBox="0 0 20 20"
      aria-hidden="true"
      className="size-5 flex-none fill-none stroke-current"
      strokeWidth="1.5"
      strokeLinecap="round"
    >
      <path d="M4 5h12M4 10h5M4 15h12" />
      <path d="M13 10h3" stroke="var(--accent)" />
    </svg>
  );
}
