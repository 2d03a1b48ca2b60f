// Reading many sockets in one pass: system calls that the runtime does not offer, through node:ffi, on Linux where the runtime has it.
// Nothing depends on them. None calls back, and none keeps a pointer.
import type { DynamicLibrary } from 'node:ffi';
import { endianness } from 'node:os';

/** sys/socket.h */
const MSG_DONTWAIT = 0x40;
/** sys/socket.h, as Linux has them on all machines that Node.js runs on. */
const SOL_SOCKET = 1;
const SO_RCVLOWAT = 18;
/** poll.h */
const POLLIN = 0x1;
/**
 * `struct pollfd` as two words of 32 bits, on machines that have the lower half of a word first, which all are that Node.js runs on but
 * for s390x: a descriptor, and below what is asked and above what is answered.
 */
const WORDS = 2;
const ANSWER_SHIFT = 16;
/** Room for this many sockets at first. */
const FIRST_ROOM = 64;

type Poll = (descriptors: bigint, count: bigint, timeoutMs: number) => number;
type Receive = (fd: number, memory: bigint, length: bigint, flags: number) => bigint;
type SetOption = (fd: number, level: number, name: number, value: bigint, length: number) => number;

/** Asks the system which sockets have something to read, reads, and says how much is something. One for each thread, which holds all memory that the system sees. */
export class SocketCalls {
  /** What `receive` has read. */
  readonly buffer: Buffer;
  readonly #poll: Poll;
  readonly #receive: Receive;
  readonly #setOption: SetOption;
  readonly #addressOf: (memory: Uint8Array) => bigint;
  readonly #bufferAddress: bigint;
  readonly #bufferLength: bigint;
  /** Held, so that its functions stay. */
  readonly library: DynamicLibrary;
  /** Of `struct pollfd`. */
  #descriptors = new Int32Array(0);
  #descriptorsAddress = 0n;
  #count = 0n;
  /** An `int` that a socket option is set to. */
  readonly #option = new Int32Array(1);
  readonly #optionAddress: bigint;

  private constructor(ffi: typeof import('node:ffi'), buffer: Buffer) {
    this.library = new ffi.DynamicLibrary(null);
    const { poll, recv, setsockopt } = this.library.getFunctions({
      poll: { arguments: ['pointer', 'uint64', 'int32'], return: 'int32' },
      recv: { arguments: ['int32', 'pointer', 'uint64', 'int32'], return: 'int64' },
      setsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32'], return: 'int32' },
    });
    this.#poll = poll;
    this.#receive = recv;
    this.#setOption = setsockopt;
    this.#addressOf = (memory) => ffi.getRawPointer(memory);
    this.buffer = buffer;
    this.#optionAddress = this.#addressOf(new Uint8Array(this.#option.buffer));
    this.#bufferAddress = this.#addressOf(buffer);
    this.#bufferLength = BigInt(buffer.length);
  }

  /** @param buffer that is read into, with memory of its own. @returns undefined where the system or the runtime has no such calls */
  static load(buffer: Buffer): SocketCalls | undefined {
    if (process.platform !== 'linux' || endianness() !== 'LE') return undefined;
    try {
      return new SocketCalls(process.getBuiltinModule('node:ffi'), buffer);
    } catch {
      // An older runtime has no such module, and one that is held to permissions gives no access to it.
      return undefined;
    }
  }

  /** Says which sockets `ask` asks of. @param descriptors at least one */
  watch(descriptors: readonly number[]): void {
    if (descriptors.length * WORDS > this.#descriptors.length) {
      this.#descriptors = new Int32Array(Math.max(FIRST_ROOM, descriptors.length * 2) * WORDS);
      this.#descriptorsAddress = this.#addressOf(new Uint8Array(this.#descriptors.buffer));
    }
    this.#count = BigInt(descriptors.length);
    for (const [index, fd] of descriptors.entries()) {
      this.#descriptors[index * WORDS] = fd;
      this.#descriptors[index * WORDS + 1] = POLLIN;
    }
  }

  /** Asks of all of them at once, and does not wait. @returns whether any has something; false also where the system does not answer */
  ask(): boolean {
    return this.#poll(this.#descriptorsAddress, this.#count, 0) > 0;
  }

  /** What the last `ask` said of a socket, by its place in the list. */
  answer(index: number): 'nothing' | 'bytes' | 'other' {
    const returned = this.#descriptors[index * WORDS + 1]! >>> ANSWER_SHIFT;
    if (returned === 0) return 'nothing';
    // An error and a reset come with other bits: the next reader is told of them, which is to be the runtime.
    return returned === POLLIN ? 'bytes' : 'other';
  }

  /** Sets how many bytes have to be there for the system to say that a socket has something; at its end, and with an error, it always does. */
  setLowWaterMark(fd: number, bytes: number): void {
    this.#option[0] = bytes;
    this.#setOption(fd, SOL_SOCKET, SO_RCVLOWAT, this.#optionAddress, this.#option.byteLength);
  }

  /** Reads into `buffer`. @returns how many bytes: 0 at the end of what the peer sends, less where nothing was read */
  receive(fd: number): number {
    return Number(this.#receive(fd, this.#bufferAddress, this.#bufferLength, MSG_DONTWAIT));
  }
}
