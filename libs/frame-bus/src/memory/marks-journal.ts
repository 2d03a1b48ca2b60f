// Commit marks that outlive the process: an append-only file, one mark a line, rewritten when most lines are outdated.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CommitMark, ResumePoint } from '@millrace/domain';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { formatCommitMark, parseCommitMark } from '../marks/commit-mark-text.ts';

/** The file is rewritten when it has this many lines, and this many times as many as there are marks. */
const COMPACT_MIN_LINES = 1_024;
const COMPACT_FACTOR = 4;
/**
 * A mark waits for others to share its write: the longer the more streams there are, so that the writes of all together stay
 * few. With a write and a sync for each mark, many streams would pay more for marks than for cutting their segments. Nothing
 * waits for a mark, and one that a crash takes with it is made up for as any late one.
 */
const GATHER_MS_PER_STREAM = 2;
const GATHER_MAX_MS = 100;
/** How often a disk that took no marks is tried again, in milliseconds. */
const RETRY_MS = 1_000;
/** No segments follow each other faster for long: as many numbers are left out as may have been used unrecorded. */
const SHORTEST_SEGMENT_MS = 250;

/**
 * Keeps the newest mark of every stream, in memory and in a file.
 *
 * A mark is recorded when its line, with the line break, is written and synced to the disk; marks that come within a moment,
 * or meanwhile, share the next write. So a process that is killed leaves whole lines and at most one torn one at the end, which is
 * ignored when the file is read. Only one process may use a file.
 *
 * While the disk takes nothing, marks are kept in memory alone, and the disk is tried again each second. An empty file beside the
 * journal says that it is current; it is removed when a write fails, which a full disk allows. A journal that is read without it
 * is late: numbers that may have been used since it was written are left out.
 */
export class MarksJournal {
  readonly #path: string;
  readonly #observer: FrameBusObserver;
  readonly #marks: Map<string, CommitMark>;
  #file: FileHandle | undefined;
  #lines: number;
  /** A write failed: the file may end in the middle of a line. */
  #torn = false;
  #pending: string[] = [];
  #waiters: (() => void)[] = [];
  #writing: Promise<void> | undefined;
  /** Ends the gathering. */
  #hurry: (() => void) | undefined;
  #closing = false;
  #fault: string | undefined;
  #retry: NodeJS.Timeout | undefined;

  /** Reads the file, if there is one, and rewrites it: without torn or outdated lines. */
  constructor(path: string, observer: FrameBusObserver) {
    this.#path = path;
    this.#observer = observer;
    this.#marks = readMarks(path, observer);
    this.#lines = this.#marks.size;
    rewriteSync(path, this.#text());
    writeFileSync(currentPath(path), '');
  }

  /** Why marks are in memory alone; undefined when they are on the disk. */
  get fault(): string | undefined {
    return this.#fault;
  }

  get(streamId: string): CommitMark | undefined {
    return this.#marks.get(streamId);
  }

  /** Records a mark. Resolves when it is on the disk, or the disk does not take it and `fault` says so. */
  record(mark: CommitMark): Promise<void> {
    this.#marks.set(mark.streamId, mark);
    // All are written when the disk takes them again.
    if (this.#fault !== undefined) return Promise.resolve();
    this.#pending.push(formatCommitMark(mark));
    const recorded = new Promise<void>((resolve) => this.#waiters.push(resolve));
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    return recorded;
  }

  /** Waits for what is being written and closes the file. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#retry);
    this.#hurry?.();
    await this.#writing;
    if (this.#fault !== undefined) await this.#recover();
    clearTimeout(this.#retry);
    await this.#file?.close();
    this.#file = undefined;
  }

  async #gather(): Promise<void> {
    if (this.#closing) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(this.#marks.size * GATHER_MS_PER_STREAM, GATHER_MAX_MS));
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = undefined;
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0) {
      await this.#gather();
      const lines = this.#pending.splice(0);
      const waiters = this.#waiters.splice(0);
      try {
        if (this.#lines >= COMPACT_MIN_LINES && this.#lines >= this.#marks.size * COMPACT_FACTOR) await this.#compact();
        else await this.#append(lines);
      } catch (error) {
        this.#failed(error);
      }
      for (const resolve of waiters) resolve();
    }
  }

  #failed(error: unknown): void {
    this.#torn = true;
    this.#retry = setTimeout(() => void this.#recover(), RETRY_MS);
    if (this.#fault !== undefined) return;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    this.#fault = `cannot write commit marks to disk (${reason}); keeping them in memory`;
    rmSync(currentPath(this.#path), { force: true });
    this.#observer.problem(new FrameBusError('unavailable', this.#fault, { cause: error }));
  }

  /** Writes all marks anew: what failed may have left half a line, or none of several. */
  async #recover(): Promise<void> {
    try {
      await this.#compact();
      writeFileSync(currentPath(this.#path), '');
      this.#fault = undefined;
    } catch (error) {
      if (!this.#closing) this.#failed(error);
    }
  }

  async #append(lines: readonly string[]): Promise<void> {
    this.#file ??= await open(this.#path, 'a', 0o600);
    await this.#file.appendFile(`${this.#torn ? '\n' : ''}${lines.join('\n')}\n`);
    await this.#file.datasync();
    this.#torn = false;
    this.#lines += lines.length;
  }

  async #compact(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    const temporary = temporaryPath(this.#path);
    const lines = this.#marks.size;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(this.#text());
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
    this.#torn = false;
    this.#lines = lines;
  }

  #text(): string {
    let text = '';
    for (const mark of this.#marks.values()) text += `${formatCommitMark(mark)}\n`;
    return text;
  }
}

const temporaryPath = (path: string): string => `${path}.new`;
/** Of the empty file that is there while the journal has all marks. */
const currentPath = (path: string): string => `${path}.current`;

function readMarks(path: string, observer: FrameBusObserver): Map<string, CommitMark> {
  const skipped = segmentsSince(path);
  const marks = new Map<string, CommitMark>();
  const lines = readText(path).split('\n');
  const torn = lines.pop();
  if (torn !== '')
    observer.problem(new FrameBusError('bad-mark', 'the last line of the journal is incomplete; ignored'));
  for (const line of lines) {
    if (line === '') continue;
    const mark = parseCommitMark(line);
    if (mark) marks.set(mark.streamId, skipped === 0 ? mark : ahead(mark, skipped));
    else observer.problem(new FrameBusError('bad-mark', 'a line of the journal is not a mark; ignored'));
  }
  return marks;
}

/** How many segments of a stream may have been committed since a late journal was written; 0 for a current one. */
function segmentsSince(path: string): number {
  if (!existsSync(path) || existsSync(currentPath(path))) return 0;
  return Math.max(0, Math.ceil((Date.now() - statSync(path).mtimeMs) / SHORTEST_SEGMENT_MS));
}

/** The mark after numbers whose use is not known: with a discontinuity, and nothing listed before it. */
function ahead({ streamId, head }: CommitMark, segments: number): CommitMark {
  const point: ResumePoint = {
    ...head,
    mediaSequence: head.mediaSequence + segments,
    discontinuity: true,
    discontinuitySequence: head.discontinuitySequence + segments,
  };
  return { streamId, tail: point, head: point };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function rewriteSync(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = temporaryPath(path);
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
