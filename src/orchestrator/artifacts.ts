/** Hands out the pictures and films that tests left behind: plain files below SENTRA_HOME, by names that Sentra made. */
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { Download } from '#src/domain/api/route.ts';
import { artifactType } from '#src/domain/artifact.ts';
import { SentraError } from '#src/errors.ts';
import { artifactsFolder } from '#src/workflows/artifacts.ts';

export async function openArtifact(home: string, taskId: string, name: string): Promise<Download> {
  const file = path.join(artifactsFolder(home, taskId), name);
  const type = artifactType(name);
  if (!type || !(await lstat(file).catch(() => null))?.isFile())
    throw new SentraError(
      'not_found',
      `${name} is not kept for ${taskId} on this host: of each task the newest 200 MB are, on the worker that ran its tests.`,
    );
  return { name, type, body: Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array> };
}
