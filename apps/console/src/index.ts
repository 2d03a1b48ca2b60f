export { CALL_PAGE, CHECK_PAGE, CONSOLE_FILES, CONSOLE_PAGE, readConsoleAssets, WATCH_PAGE } from './console-file.ts';
export type { ConsoleFile } from './console-file.ts';
export { CONSOLE_PAGE_HEADERS, roomPageHeaders, WATCH_PAGE_HEADERS } from './page-policy.ts';
export type { PageHeaders } from './page-policy.ts';
