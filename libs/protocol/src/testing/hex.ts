/** Bytes from hexadecimal text; spaces and line breaks are for the reader. For tests. */
export function hex(text: string): Buffer {
  const digits = text.replace(/\s+/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`no hexadecimal text: ${text}`);
  return Buffer.from(digits, 'hex');
}
