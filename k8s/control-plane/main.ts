// The control plane by hand: `node k8s/control-plane/main.ts up` until Ctrl-C, or until `down`.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ControlPlane } from './control-plane.ts';

const FOLDER = resolve(import.meta.dirname, '../../.cache/control-plane');
const PID_FILE = join(FOLDER, 'pid');

const USAGE = `usage: node k8s/control-plane/main.ts up|down

up    builds what is missing, starts a Kubernetes control plane with fake nodes on this machine, and keeps it until Ctrl-C
down  ends the one that runs`;

function runningPid(): number | undefined {
  if (!existsSync(PID_FILE)) return undefined;
  const pid = Number(readFileSync(PID_FILE, 'utf8'));
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

async function up(): Promise<void> {
  const running = runningPid();
  if (running !== undefined) throw new Error(`It runs already, as process ${running}: end it with "down".`);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const plane = await ControlPlane.start(FOLDER);
  writeFileSync(PID_FILE, String(process.pid));
  console.log(`The control plane is up. In another shell:\n\n    export KUBECONFIG=${plane.access.kubeconfig}\n`);
  await new Promise<void>((ended) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ended());
  });
  await plane.stop();
}

function down(): void {
  const running = runningPid();
  if (running === undefined) console.log('No control plane runs.');
  else process.kill(running, 'SIGTERM');
}

const [command] = process.argv.slice(2);
if (command === 'up') await up();
else if (command === 'down') down();
else {
  console.error(USAGE);
  process.exitCode = 2;
}
