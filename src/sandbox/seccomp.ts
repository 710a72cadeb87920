/**
 * Calls of the kernel that no program of a room has a use for and that lead around its walls: the keys of the user (they are
 * in no namespace), sockets of other families than those of a network namespace (a virtual machine's host answers on vsock),
 * io_uring (which would open them unseen), input for a terminal, and the tools of the kernel's own makers. As a filter for
 * bubblewrap: instructions of classic BPF, see seccomp(2) and linux/filter.h.
 */
type Calls = {
  arch: number;
  socket: number;
  ioctl: number;
  refused: readonly number[];
  firstForeign: number | undefined;
};

/** add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd, open_by_handle_at, kexec (2), modules (3), io_uring (3). */
const callsOf: Partial<Record<NodeJS.Architecture, Calls>> = {
  x64: {
    arch: 0xc000003e,
    socket: 41,
    ioctl: 16,
    refused: [248, 249, 250, 321, 298, 323, 304, 246, 320, 175, 313, 176, 425, 426, 427],
    firstForeign: 0x4000_0000, // of the x32 ABI: the same calls by other numbers
  },
  arm64: {
    arch: 0xc00000b7,
    socket: 198,
    ioctl: 29,
    refused: [217, 218, 219, 280, 241, 282, 265, 104, 294, 105, 273, 106, 425, 426, 427],
    firstForeign: undefined,
  },
};

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. */
const families = [1, 2, 10, 16];
/** TIOCSTI, TIOCLINUX. */
const terminalInputs = [0x5412, 0x541c];

const [eperm, enosys, eafnosupport] = [1, 38, 97];

type Instruction = [code: number, k: number, jumpIfTrue?: number, jumpIfFalse?: number];

const load = (offset: number): Instruction => [0x20, offset];
const give = (k: number): Instruction => [0x06, k];
const allow = give(0x7fff0000);
const refuse = (errno: number): Instruction => give(0x00050000 | errno);
/** `then` is run where what was loaded is `k`, else what comes after it. */
const when = (k: number, ...then: Instruction[]): Instruction[] => [[0x15, k, 0, then.length], ...then];
const whenAtLeast = (k: number, ...then: Instruction[]): Instruction[] => [[0x35, k, 0, then.length], ...then];

/** Where things lie in struct seccomp_data. */
const at = { call: 0, arch: 4, firstArgument: 16, secondArgument: 24 };

/** Undefined on processors for which the numbers are not known here. */
export function seccompFilter(architecture: NodeJS.Architecture = process.arch): Buffer | undefined {
  const calls = callsOf[architecture];
  if (!calls) return undefined;
  const { arch, socket, ioctl, refused, firstForeign } = calls;
  return encode([
    load(at.arch),
    [0x15, arch, 1, 0],
    refuse(enosys),
    load(at.call),
    ...(firstForeign === undefined ? [] : whenAtLeast(firstForeign, refuse(enosys))),
    ...refused.flatMap((call) => when(call, refuse(call >= 425 ? enosys : eperm))),
    ...when(socket, load(at.firstArgument), ...families.flatMap((family) => when(family, allow)), refuse(eafnosupport)),
    ...when(
      ioctl,
      load(at.secondArgument),
      ...terminalInputs.flatMap((request) => when(request, refuse(eperm))),
      allow,
    ),
    allow,
  ]);
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [i, [code, k, jumpIfTrue = 0, jumpIfFalse = 0]] of program.entries()) {
    bytes.writeUInt16LE(code, i * 8);
    bytes.writeUInt8(jumpIfTrue, i * 8 + 2);
    bytes.writeUInt8(jumpIfFalse, i * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, i * 8 + 4);
  }
  return bytes;
}
