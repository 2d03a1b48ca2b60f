// A thread for tests under which the kernel refuses IPv6 sockets as one without IPv6 does: tells where `listenOn` listens then.
import { DynamicLibrary, getRawPointer } from 'node:ffi';
import { createServer } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { listenOn } from '../connections/listen-on.ts';

/** linux/prctl.h and linux/seccomp.h. */
const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const SECCOMP_RET_ALLOW = 0x7fff0000;
const SECCOMP_RET_ERRNO = 0x00050000;
const EAFNOSUPPORT = 97;
const AF_INET6 = 10;
const SYSTEM_CALL_SOCKET: Readonly<Record<string, number>> = { x64: 41, arm64: 198 };

/** linux/bpf_common.h: load a word of `struct seccomp_data`, jump if equal, return. */
const load = (offset: number) => [0x20, 0, 0, offset] as const;
const unlessEqual = (value: number, skip: number) => [0x15, 0, skip, value] as const;
const answer = (value: number) => [0x06, 0, 0, value] as const;
/** Where `struct seccomp_data` has the number of the system call, and its first argument. */
const NUMBER_AT = 0;
const ARGUMENT_AT = 16;

const program = [
  load(NUMBER_AT),
  unlessEqual(SYSTEM_CALL_SOCKET[process.arch] ?? -1, 3),
  load(ARGUMENT_AT),
  unlessEqual(AF_INET6, 1),
  answer(SECCOMP_RET_ERRNO | EAFNOSUPPORT),
  answer(SECCOMP_RET_ALLOW),
];
const INSTRUCTION_BYTES = 8;
const filter = Buffer.alloc(program.length * INSTRUCTION_BYTES);
for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
  const at = index * INSTRUCTION_BYTES;
  filter.writeUInt16LE(code, at);
  filter.writeUInt8(ifTrue, at + 2);
  filter.writeUInt8(ifFalse, at + 3);
  filter.writeUInt32LE(value >>> 0, at + 4);
}
/** `struct sock_fprog`: a count, padding, a pointer. */
const description = Buffer.alloc(16);
description.writeUInt16LE(program.length, 0);
description.writeBigUInt64LE(getRawPointer(filter), 8);

const prctl = new DynamicLibrary(null).getFunction('prctl', {
  arguments: ['int32', 'uint64', 'pointer', 'uint64', 'uint64'],
  return: 'int32',
});
if (prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) throw new Error('no_new_privs is refused');
// For this thread alone.
if (prctl(PR_SET_SECCOMP, BigInt(SECCOMP_MODE_FILTER), getRawPointer(description), 0n, 0n) !== 0)
  throw new Error('the filter is refused');

const server = createServer();
const { address } = await listenOn(server, { host: '::', port: 0 });
server.close();
const explicit = await listenOn(createServer(), { host: '::1', port: 0 }).then(
  (place) => place.address,
  (error: NodeJS.ErrnoException) => error.code,
);
parentPort?.postMessage({ address, explicit });
