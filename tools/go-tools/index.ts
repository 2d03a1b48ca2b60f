export { ensureGoTool, findGo, GO_ADVICE, GO_TOOLS_BIN } from './go-tool.ts';
export type { GoTool } from './go-tool.ts';
export { ensureHelm } from './helm.ts';
