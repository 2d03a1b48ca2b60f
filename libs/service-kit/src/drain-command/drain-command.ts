// Begins the drain of the service in the same pod, or with `status` shows how far it is.
import { commonSettings } from '../config/common-settings.ts';
import { defineSettings } from '../config/define-settings.ts';

const TIMEOUT_MS = 5_000;
const WILDCARDS = ['0.0.0.0', '::'];

const { metricsHost, metricsPort } = commonSettings;
const settings = defineSettings({ metricsHost, metricsPort });

/** @returns what the admin port answers, as one line of JSON @throws {Error} when it refuses, or does not answer */
export async function drainCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const [word, ...rest] = args;
  if (rest.length > 0 || (word !== undefined && word !== 'status')) throw new Error('usage: drain [status]');
  const { metricsHost: host, metricsPort: port } = settings.parse(environment);
  const near = WILDCARDS.includes(host) ? '127.0.0.1' : host;
  const url = `http://${near.includes(':') ? `[${near}]` : near}:${port}/drain`;
  const method = word === 'status' ? 'GET' : 'POST';
  const answer = await fetch(url, { method, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = (await answer.text()).trim();
  if (!answer.ok) throw new Error(`${method} ${url} was answered ${answer.status}: ${text}`);
  return text;
}
