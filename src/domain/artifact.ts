import { z } from 'zod';

/** A picture or a film that tests left behind. `name`: of the file as it is kept, and of its route. */
export const Artifact = z.object({
  name: z.string(),
  /** Where it lay in the worktree. */
  path: z.string(),
  type: z.string(),
  bytes: z.number().int(),
});
export type Artifact = z.infer<typeof Artifact>;

/** What is kept: what a browser shows without running anything. */
export const artifactTypes = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  webm: 'video/webm',
  mp4: 'video/mp4',
} as const;

/** Run, attempt, number; nothing that an agent chose. */
export const ArtifactName = z.string().regex(/^adw-[a-z0-9]{12}-\d{1,4}-\d{1,3}\.(png|jpe?g|gif|webp|webm|mp4)$/);

const extensionOf = (name: string) => name.slice(name.lastIndexOf('.') + 1).toLowerCase() as keyof typeof artifactTypes;

export const artifactType = (name: string): string | undefined => artifactTypes[extensionOf(name)];

/** What a file begins with, by its type: `at` bytes from the start. */
const signatures: Readonly<Record<string, { at: number; begin: string }>> = {
  'image/png': { at: 0, begin: '\x89PNG' },
  'image/jpeg': { at: 0, begin: '\xff\xd8\xff' },
  'image/gif': { at: 0, begin: 'GIF8' },
  'image/webp': { at: 8, begin: 'WEBP' },
  'video/webm': { at: 0, begin: '\x1a\x45\xdf\xa3' },
  'video/mp4': { at: 4, begin: 'ftyp' },
};

/** True when the content is of what the name says. `head`: at least 16 bytes, one character each. */
export function isGenuine(type: string, head: string): boolean {
  const { at, begin } = signatures[type] ?? {};
  return begin !== undefined && head.startsWith(begin, at);
}
