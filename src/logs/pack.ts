/** Compression (zstd) of what is kept beside the lines. */
import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** Less than this takes less time here than its way to another thread. */
const smallBytes = 512 * 1024;

export const pack = async (bytes: Buffer): Promise<Buffer> =>
  bytes.length < smallBytes ? zstdCompressSync(bytes) : compress(bytes);

export const unpack = async (packed: Buffer): Promise<Buffer> =>
  packed.length < smallBytes / 16 ? zstdDecompressSync(packed) : decompress(packed);
