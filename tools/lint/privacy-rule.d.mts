import type { Rule } from 'eslint';

export const privacyRule: Rule.RuleModule;
