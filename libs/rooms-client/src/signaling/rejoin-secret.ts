/** 192 random bits, in characters that a storage, a log filter and JSON all leave alone. */
export const newRejoinSecret = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, '0')).join('');
