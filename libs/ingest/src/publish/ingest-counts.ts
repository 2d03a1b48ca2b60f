/** What one publisher has sent, in plain numbers, which become metrics on a timer and never per frame. */
export class IngestCounts {
  /** On the connection, with everything that the protocol adds: the edge sets it. */
  receivedBytes = 0;
  videoFrames = 0;
  videoBytes = 0;
  keyframes = 0;
  /** Decode time of the newest keyframe. */
  keyframeAt90k = 0;
  /** Between keyframes since the last report, which sets both back: none is Infinity and 0. */
  shortestKeyframe90k = Infinity;
  longestKeyframe90k = 0;
  audioFrames = 0;
  audioBytes = 0;
  dataMessages = 0;
  dataBytes = 0;
  /** Media messages that did not become frames. */
  droppedFrames = 0;

  /** Counts a keyframe. */
  keyframe(dts90k: number): void {
    if (this.keyframes > 0) {
      const interval90k = dts90k - this.keyframeAt90k;
      if (interval90k < this.shortestKeyframe90k) this.shortestKeyframe90k = interval90k;
      if (interval90k > this.longestKeyframe90k) this.longestKeyframe90k = interval90k;
    }
    this.keyframes++;
    this.keyframeAt90k = dts90k;
  }
}
