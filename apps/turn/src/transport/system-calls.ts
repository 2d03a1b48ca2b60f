// System calls that the runtime does not offer, through node:ffi: on Linux, where the runtime has it. Nothing depends on them:
// without them the server uses the runtime's own sockets as they are. None of them calls back, and none keeps a pointer.
import type { DynamicLibrary } from 'node:ffi';

type SetSocketOption = (fd: number, level: number, name: number, value: bigint, length: number) => number;
type ReceiveMany = (fd: number, messages: bigint, count: number, flags: number, timeout: bigint) => number;
type SendMany = (fd: number, messages: bigint, count: number, flags: number) => number;
type EpollCreate = (flags: number) => number;
type EpollControl = (epoll: number, operation: number, fd: number, event: bigint) => number;
type EpollWait = (epoll: number, events: bigint, count: number, timeoutMs: number) => number;

export interface SystemCalls {
  readonly setsockopt: SetSocketOption;
  readonly recvmmsg: ReceiveMany;
  readonly sendmmsg: SendMany;
  readonly epoll_create1: EpollCreate;
  readonly epoll_ctl: EpollControl;
  readonly epoll_wait: EpollWait;
  /** The caller holds the memory for as long as a call may use its address: an address by itself keeps nothing alive. */
  readonly addressOf: (memory: Uint8Array) => bigint;
  /** Held, so that its functions stay. */
  readonly library: DynamicLibrary;
}

let loaded: SystemCalls | undefined;
let isTried = false;

/** Loads them when they are first needed. @returns undefined where there are none */
export function systemCalls(): SystemCalls | undefined {
  if (isTried) return loaded;
  isTried = true;
  if (process.platform !== 'linux') return undefined;
  try {
    const ffi = process.getBuiltinModule('node:ffi');
    const library = new ffi.DynamicLibrary(null);
    const { setsockopt, recvmmsg, sendmmsg, epoll_create1, epoll_ctl, epoll_wait } = library.getFunctions({
      setsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32'], return: 'int32' },
      recvmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32', 'pointer'], return: 'int32' },
      sendmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32'], return: 'int32' },
      epoll_create1: { arguments: ['int32'], return: 'int32' },
      epoll_ctl: { arguments: ['int32', 'int32', 'int32', 'pointer'], return: 'int32' },
      epoll_wait: { arguments: ['int32', 'pointer', 'int32', 'int32'], return: 'int32' },
    });
    loaded = {
      setsockopt: setsockopt,
      recvmmsg: recvmmsg,
      sendmmsg: sendmmsg,
      epoll_create1: epoll_create1,
      epoll_ctl: epoll_ctl,
      epoll_wait: epoll_wait,
      addressOf: (memory) => ffi.getRawPointer(memory),
      library,
    };
  } catch {
    // An older runtime has no such module, and one that is held to permissions gives no access to it.
    return undefined;
  }
  return loaded;
}
