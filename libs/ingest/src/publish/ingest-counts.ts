/** What one publisher has sent, in plain numbers, which become metrics on a timer and never per frame. */
export class IngestCounts {
  /** On the connection, with everything that the protocol adds: the edge sets it. */
  receivedBytes = 0;
  videoFrames = 0;
  videoBytes = 0;
  keyframes = 0;
  /** Where viewers can start: keyframes and recovery points. */
  startPoints = 0;
  /** Decode time of the newest start point. */
  startPointAt90k = 0;
  /** Between start points since the last report, which sets both back: none is Infinity and 0. */
  shortestGroup90k = Infinity;
  longestGroup90k = 0;
  audioFrames = 0;
  audioBytes = 0;
  dataMessages = 0;
  dataBytes = 0;
  /** Media messages that did not become frames. */
  droppedFrames = 0;

  /** Counts a picture at which viewers can start. */
  startPoint(dts90k: number, isKeyframe: boolean): void {
    if (this.startPoints > 0) {
      const interval90k = dts90k - this.startPointAt90k;
      if (interval90k < this.shortestGroup90k) this.shortestGroup90k = interval90k;
      if (interval90k > this.longestGroup90k) this.longestGroup90k = interval90k;
    }
    this.startPoints++;
    this.startPointAt90k = dts90k;
    if (isKeyframe) this.keyframes++;
  }
}
