/** Reads `$SENTRA_RESULT`, a file that an agent wrote and may have made anything of. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Of its session alone: what another one wrote must not be taken for it. */
export const resultPathOf = ({ sessionId, homePath }: { sessionId: string; homePath: string }) =>
  join(homePath, `sentra-result-${sessionId}.json`);

const maxBytes = 1024 * 1024;

/** What the file holds as JSON; its text when it is no JSON; undefined when it is absent, not a plain file, or too long. */
export async function readResult(path: string): Promise<unknown> {
  const text = await readPlainFile(path);
  if (text === undefined || text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text; // the reader of the answer says what is wrong with it
  }
}

async function readPlainFile(path: string): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > maxBytes) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch (e) {
    const absent = ['ENOENT', 'ELOOP', 'ENXIO', 'ENOTDIR', 'EACCES'];
    if (absent.includes((e as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw e;
  } finally {
    await file?.close();
  }
}
