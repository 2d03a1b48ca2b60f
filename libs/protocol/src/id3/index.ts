export { encodeId3Text } from './text-tag.ts';
