// Where the operator finds the key that was made because the settings gave none.
import { makeFolder } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Installation } from './installation.ts';

const FILE = 'operator-key';

/** Writes the key, the one time that it is made, into a file that its owner alone can read. Waits for PostgreSQL. */
export async function writeOperatorKey(installation: Installation, dataDir: string, logger: Logger): Promise<void> {
  try {
    const key = await installation.ensureOperatorKey();
    if (key === undefined) return;
    const file = join(dataDir, FILE);
    makeFolder(dataDir);
    await writeFile(file, `${key}\n`, { mode: 0o600 });
    logger.info({ file }, 'created the operator key: read it from this file, and store it elsewhere');
  } catch (error) {
    logger.error({ err: error }, 'could not create the operator key: set MILLRACE_OPERATOR_KEY');
  }
}
