/** One wrong variable. The value is not told: it may be a secret. */
export interface SettingFault {
  readonly variable: string;
  readonly fault: string;
}

/** What `parse` throws: every variable that is wrong, at once, so that a newcomer mends them in one go. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly SettingFault[];

  constructor(faults: readonly SettingFault[]) {
    const lines = faults.map(({ variable, fault }) => `  ${variable}: ${fault}`);
    super(`These settings are wrong:\n${lines.join('\n')}`);
    this.faults = faults;
  }
}
