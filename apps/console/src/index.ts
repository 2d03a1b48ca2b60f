export { CONSOLE_FILES, CONSOLE_SECURITY_POLICY, WATCH_PAGE } from './console-file.ts';
export type { ConsoleFile } from './console-file.ts';
