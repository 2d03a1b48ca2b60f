// Damages good input the ways that real input is damaged, and a few that an attacker would choose.
import type { Random } from './random.ts';

const INTERESTING_BYTES = [0x00, 0x01, 0x02, 0x03, 0x7f, 0x80, 0xc0, 0xfe, 0xff];
const INTERESTING_LENGTHS = [0, 1, 0x7f, 0x80, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000, 0xffffffff];
const MAX_MUTATIONS = 6;
const MAX_INPUT_BYTES = 64 * 1024;

type Mutation = (bytes: Buffer, random: Random, seeds: readonly Uint8Array[]) => Buffer;

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
  function replaceByte(bytes, random) {
    bytes[random.below(bytes.length)] = random.below(2) === 0 ? random.below(256) : random.pick(INTERESTING_BYTES);
    return bytes;
  },
  function replaceLength(bytes, random) {
    const size = 1 + random.below(4);
    if (bytes.length < size) return bytes;
    const value = random.pick(INTERESTING_LENGTHS) % 2 ** (8 * size);
    const at = random.below(bytes.length - size + 1);
    if (random.below(2) === 0) bytes.writeUIntBE(value, at, size);
    else bytes.writeUIntLE(value, at, size);
    return bytes;
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function remove(bytes, random) {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16))]);
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length);
    const piece = bytes.subarray(at, at + 1 + random.below(64));
    const times = 1 + random.below(20);
    return Buffer.concat([bytes.subarray(0, at), ...Array<Buffer>(times).fill(piece), bytes.subarray(at)]);
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    const piece = Buffer.from(Array.from({ length: 1 + random.below(32) }, () => random.below(256)));
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },
  function splice(bytes, random, seeds) {
    const other = random.pick(seeds);
    const head = bytes.subarray(0, random.below(bytes.length + 1));
    return Buffer.concat([head, other.subarray(random.below(other.length + 1))]);
  },
];

/** @returns a damaged copy of one of the seeds, at most 64 KiB long */
export function mutate(seeds: readonly Uint8Array[], random: Random): Buffer {
  let bytes = Buffer.from(random.pick(seeds));
  for (let count = 1 + random.below(MAX_MUTATIONS); count > 0 && bytes.length > 0; count--) {
    bytes = Buffer.from(random.pick(mutations)(bytes, random, seeds)).subarray(0, MAX_INPUT_BYTES);
  }
  return bytes;
}
