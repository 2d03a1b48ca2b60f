/** What this edge speaks with encoders: values of the label `protocol` of its metrics, and of a session's `protocol`. */
export const PROTOCOLS = ['rtmp', 'rtmps'] as const;
