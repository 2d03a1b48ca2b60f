// `npm run dashboards`: writes k8s/dashboards and k8s/alerts.
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { stringify } from 'yaml';
import { generatedFiles } from './files.ts';

const HEADER = '# Written by "npm run dashboards" from k8s/observability/rules.\n';

for (const { path, content } of generatedFiles()) {
  const isYaml = path.endsWith('.yaml');
  const text = isYaml ? HEADER + stringify(content, { lineWidth: 0 }) : JSON.stringify(content);
  writeFileSync(path, await format(text, { filepath: path, printWidth: 120, singleQuote: true }));
}
