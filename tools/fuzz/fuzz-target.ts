// Targets stand beside what they test, `x.fuzz.ts`, and are read as they were built.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Something that reads what a peer sends. */
export interface FuzzTarget {
  readonly name: string;
  /** Good inputs, or pieces of them: damage to them reaches deeper than noise. */
  readonly seeds: readonly Uint8Array[];
  /**
   * Reads one input. Must return, or throw a `ProtocolError`; anything else is a fault, and so is taking longer than a
   * second.
   */
  read(input: Buffer): void;
}

interface FuzzModule {
  readonly fuzz: (data: Uint8Array) => void;
  readonly seeds?: readonly Uint8Array[];
}

const root = resolve(import.meta.dirname, '../..');
const CLIP_BYTES = 64 * 1024;
const PIECES = 32;

/** Every `*.fuzz.ts` of the libraries and apps. @throws when one is not built, or exports no `fuzz` function */
export async function findTargets(): Promise<FuzzTarget[]> {
  const sources = globSync('{libs,apps}/*/src/**/*.fuzz.ts', { cwd: root }).sort();
  const shared = clipPieces();
  return Promise.all(
    sources.map(async (source) => {
      const built = join(root, source.replace('/src/', '/dist/').replace(/\.ts$/, '.js'));
      if (!existsSync(built)) throw new Error(`${source} is not built: run "npm run build"`);
      const module = (await import(pathToFileURL(built).href)) as Partial<FuzzModule>;
      const { fuzz, seeds = [] } = module;
      if (fuzz === undefined) throw new Error(`${source} exports no function "fuzz"`);
      return { name: basename(source, '.fuzz.ts'), seeds: [...seeds, ...shared], read: fuzz };
    }),
  );
}

/** Pieces of the shipped clip: real codec configuration and real frames, for targets that bring no seeds. */
function clipPieces(): Buffer[] {
  const clip = readFileSync(join(root, 'media/bbb-h264-aac.flv')).subarray(0, CLIP_BYTES);
  const ordinary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const pieces = Array.from({ length: PIECES }, (_, i) => clip.subarray(i * 17, i * 17 + 24 * (i + 1)));
  return [ordinary, clip, ...pieces];
}
