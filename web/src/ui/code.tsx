/** A sentence in which commands stand between backticks. */
export const Code = ({ text }: { text: string }) =>
  text.split('`').map((part, i) =>
    i % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence never move
      <code key={i} className="mono">
        {part}
      </code>
    ) : (
      part
    ),
  );
