/** Builds what is stale. @throws {Error} when the build fails */
export function ensureBuild(root: string, node: string): Promise<void>;
/** A digest of the path, size and time of every file that the build reads. */
export function sourceStamp(root: string): string;
