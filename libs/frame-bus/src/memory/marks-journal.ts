// Commit marks that outlive the process: an append-only file, one mark a line, rewritten when most lines are outdated.
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CommitMark } from '@millrace/domain';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { formatCommitMark, parseCommitMark } from '../marks/commit-mark-text.ts';

/** The file is rewritten when it has this many lines, and this many times as many as there are marks. */
const COMPACT_MIN_LINES = 1_024;
const COMPACT_FACTOR = 4;
/**
 * A mark waits for others to share its write: the longer the more streams there are, so that the writes of all together stay
 * few. With a write and a sync for each mark, many streams would pay more for marks than for cutting their segments. Nobody
 * waits for a mark, and one that a crash takes with it is made up for as any late one.
 */
const GATHER_MS_PER_STREAM = 2;
const GATHER_MAX_MS = 100;

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Keeps the newest mark of every stream, in memory and in a file.
 *
 * A mark is recorded when its line, with the line break, is written and synced to the disk; marks that come within a moment,
 * or meanwhile, share the next write. So a process that is killed leaves whole lines and at most one torn one at the end, which is
 * ignored when the file is read. Only one process may use a file.
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
  #waiters: Waiter[] = [];
  #writing: Promise<void> | undefined;
  /** Ends the gathering. */
  #hurry: (() => void) | undefined;
  #closing = false;

  /** Reads the file, if there is one, and rewrites it: without torn or outdated lines. */
  constructor(path: string, observer: FrameBusObserver) {
    this.#path = path;
    this.#observer = observer;
    this.#marks = readMarks(path, observer);
    this.#lines = this.#marks.size;
    rewriteSync(path, this.#text());
  }

  get(streamId: string): CommitMark | undefined {
    return this.#marks.get(streamId);
  }

  /** Records a mark. Resolves when it is on the disk; rejects with a FrameBusError when the disk does not take it. */
  record(mark: CommitMark): Promise<void> {
    this.#marks.set(mark.streamId, mark);
    this.#pending.push(formatCommitMark(mark));
    const recorded = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    return recorded;
  }

  /** Waits for what is being written and closes the file. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#hurry?.();
    await this.#writing;
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
        for (const waiter of waiters) waiter.resolve();
      } catch (error) {
        this.#torn = true;
        const failure = new FrameBusError('unavailable', 'the journal of marks cannot be written', { cause: error });
        this.#observer.problem(failure);
        for (const waiter of waiters) waiter.reject(failure);
      }
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

function readMarks(path: string, observer: FrameBusObserver): Map<string, CommitMark> {
  const marks = new Map<string, CommitMark>();
  const lines = readText(path).split('\n');
  const torn = lines.pop();
  if (torn !== '') observer.problem(new FrameBusError('bad-mark', 'the last line of the journal is torn: ignored'));
  for (const line of lines) {
    if (line === '') continue;
    const mark = parseCommitMark(line);
    if (mark) marks.set(mark.streamId, mark);
    else observer.problem(new FrameBusError('bad-mark', 'a line of the journal is not a mark: ignored'));
  }
  return marks;
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
