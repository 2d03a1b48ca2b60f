export declare const SERVICE_NODE_ARGUMENTS: readonly string[];
export function envFileArguments(folder: string): string[];
