export { CALL_PAGE, CHECK_PAGE, CONSOLE_FILES, WATCH_PAGE } from './console-file.ts';
export type { ConsoleFile } from './console-file.ts';
export { roomPageHeaders, WATCH_PAGE_HEADERS } from './page-policy.ts';
export type { PageHeaders } from './page-policy.ts';
