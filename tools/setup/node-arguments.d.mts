export declare const SERVICE_NODE_ARGUMENTS: readonly string[];
