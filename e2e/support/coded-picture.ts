/**
 * The body of an RTMP video message: a coded picture of one NAL unit, of so many bytes. Its contents do not matter before a decoder.
 */
export function codedPicture(bytes: number, isKeyframe: boolean): Buffer {
  const body = Buffer.alloc(bytes, 0x5a);
  body.set([isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0]);
  body.writeUInt32BE(bytes - 9, 5);
  body[9] = isKeyframe ? 0x65 : 0x41;
  return body;
}
