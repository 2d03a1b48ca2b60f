import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** For a control plane, which removes it when it stops. */
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'millrace-control-plane-'));
