/** Values of the metric label `protocol`. */
export const PROTOCOLS = ['rtsp', 'rtsps'] as const;
