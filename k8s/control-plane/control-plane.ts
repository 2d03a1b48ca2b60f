// A Kubernetes control plane on this machine: etcd, API server, controllers, scheduler, and nodes that kwok plays.
import { mkdirSync, rmSync } from 'node:fs';
import { freePorts } from '@millrace/tools/processes';
import type { ManagedProcess } from '@millrace/tools/processes';
import { createAccess } from './access.ts';
import type { Access } from './access.ts';
import { customResourceDefinitions } from './custom-resources.ts';
import { Kubectl } from './kubectl.ts';
import { fakeNodes, fakeVolumes } from './nodes.ts';
import { kwokProcess, planeProcesses } from './processes.ts';
import { ensurePrograms, FAKE_CLUSTER_PROGRAMS } from './programs.ts';

const ZONES = ['zone-a', 'zone-b', 'zone-c'] as const;
const NODES_PER_ZONE = 2;
const DISKS = 10;

export class ControlPlane {
  readonly access: Access;
  readonly kubectl: Kubectl;
  readonly #folder: string;
  readonly #processes: readonly ManagedProcess[];

  private constructor(folder: string, access: Access, kubectl: Kubectl, processes: readonly ManagedProcess[]) {
    this.#folder = folder;
    this.access = access;
    this.kubectl = kubectl;
    this.#processes = processes;
  }

  /** Brings it up; the first time, its programs are built before that. @param folder removed at the end */
  static async start(folder: string): Promise<ControlPlane> {
    const programs = await ensurePrograms(FAKE_CLUSTER_PROGRAMS);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const [etcd = 0, etcdPeers = 0, api = 0, controllers = 0, scheduler = 0, kwok = 0] = await freePorts(6);
    const access = createAccess(folder, api);
    const settings = { folder, programs, access, ports: { etcd, etcdPeers, api, controllers, scheduler, kwok } };
    const parts = [...planeProcesses(settings), kwokProcess(settings)];
    const kubectl = new Kubectl(programs.kubectl, access.kubeconfig);
    const plane = new ControlPlane(folder, access, kubectl, parts);
    try {
      for (const part of plane.#processes) await part.start();
      await kubectl.apply([...customResourceDefinitions, ...fakeNodes(ZONES, NODES_PER_ZONE), ...fakeVolumes(DISKS)]);
      await kubectl.run(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=60s']);
      await kubectl.run(['wait', '--for=condition=Established', 'customresourcedefinition', '--all', '--timeout=60s']);
      await kubectl.run(['wait', '--for=create', 'serviceaccount/default', '--timeout=60s']);
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** What its processes said last: for the message of a test that failed. */
  get lastWords(): string {
    return this.#processes.map(({ name, logs }) => `== ${name}\n${logs.tail()}`).join('\n');
  }

  async stop(): Promise<void> {
    // Who asks before who answers.
    for (const part of [...this.#processes].reverse()) await part.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
