/** Takes one payload of a packet: what the payload format puts in front, and a piece of the frame. Both are read at once. */
export type PutPayload = (head: Uint8Array, body: Uint8Array) => void;
