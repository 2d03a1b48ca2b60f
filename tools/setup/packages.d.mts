interface PackageEntry {
  readonly version?: string;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly libc?: string | readonly string[];
}

/** Runs `npm ci` when anything is missing or of another version. */
export function ensurePackages(root: string): Promise<void>;
/** What the lock file asks for on this platform and the installed tree does not have. */
export function missingPackages(
  locked: Readonly<Record<string, PackageEntry>>,
  installed: Readonly<Record<string, PackageEntry>>,
): string[];
