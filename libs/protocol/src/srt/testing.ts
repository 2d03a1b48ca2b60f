// What tests connect with: no part of Millrace calls others by SRT.
export { SrtCaller } from './srt-caller.ts';
