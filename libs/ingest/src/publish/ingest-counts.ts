/** What one publisher has sent, in plain numbers, which become metrics on a timer and never per frame. */
export class IngestCounts {
  /** On the connection, with everything that the protocol adds: the edge sets it. */
  receivedBytes = 0;
  videoFrames = 0;
  videoBytes = 0;
  keyframes = 0;
  /** Decode time of the newest keyframe. */
  keyframeAt90k = 0;
  audioFrames = 0;
  audioBytes = 0;
  dataMessages = 0;
  dataBytes = 0;
}
