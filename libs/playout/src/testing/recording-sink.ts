// A viewer's connection that writes down what it gets, and is full when a test says so.
import type { ViewerCutReason, EndReason, ViewerSink } from '../live/live-viewer.ts';

export class RecordingSink implements ViewerSink {
  readonly written: string[] = [];
  /** What was written last, as it came. */
  last: Uint8Array | undefined;
  over: EndReason | ViewerCutReason | undefined;
  isFull = false;

  write(bytes: Uint8Array): boolean {
    this.last = bytes;
    this.written.push(Buffer.from(bytes).toString());
    return !this.isFull;
  }

  end(reason: EndReason): void {
    this.over = reason;
  }

  cut(reason: ViewerCutReason): void {
    this.over = reason;
  }
}
