// The processes of a control plane, each with the settings that make them one.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { answersOk, ManagedProcess } from '@millrace/tools/processes';
import { LOOPBACK } from './access.ts';
import type { Access } from './access.ts';
import type { PLANE_PROGRAMS, Programs } from './programs.ts';

export interface ControlPlanePorts {
  readonly etcd: number;
  readonly etcdPeers: number;
  readonly api: number;
  readonly controllers: number;
  readonly scheduler: number;
}

export interface ProcessSettings {
  readonly folder: string;
  readonly programs: Programs<(typeof PLANE_PROGRAMS)[number]>;
  readonly ports: ControlPlanePorts;
  readonly access: Access;
  /** Where nodes reach the API server; loopback when they are fake. */
  readonly address?: string;
}

export interface KwokSettings {
  readonly programs: Programs<'kwok'>;
  readonly ports: { readonly kwok: number };
  readonly access: Access;
}

/** Fake nodes route none of them; real ones do, by kube-proxy. */
export const SERVICE_ADDRESSES = '10.96.0.0/16';

const STAGES = join(import.meta.dirname, 'stages.yaml');

/** In the order in which they start. */
export const planeProcesses = (settings: ProcessSettings): readonly ManagedProcess[] =>
  [etcdProcess, apiServerProcess, controllersProcess, schedulerProcess].map((process) => process(settings));

function etcdProcess({ folder, programs, ports }: ProcessSettings): ManagedProcess {
  const clients = `http://127.0.0.1:${ports.etcd}`;
  const peers = `http://127.0.0.1:${ports.etcdPeers}`;
  return new ManagedProcess({
    name: 'etcd',
    command: programs.etcd,
    args: [
      '--data-dir',
      join(folder, 'etcd'),
      '--log-level',
      'warn',
      '--listen-client-urls',
      clients,
      '--advertise-client-urls',
      clients,
      '--listen-peer-urls',
      peers,
      '--initial-advertise-peer-urls',
      peers,
      '--initial-cluster',
      `default=${peers}`,
      // What it keeps is not needed after the tests.
      '--unsafe-no-fsync',
    ],
    isReady: () => answersOk(`${clients}/health`),
  });
}

function apiServerProcess({ programs, ports, access, address = LOOPBACK }: ProcessSettings): ManagedProcess {
  return new ManagedProcess({
    name: 'kube-apiserver',
    command: programs['kube-apiserver'],
    args: [
      `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
      `--bind-address=${address}`,
      `--secure-port=${ports.api}`,
      `--advertise-address=${address}`,
      // Endpoints of the API server itself may not be on loopback; nothing in the tests asks for them.
      ...(address === LOOPBACK ? ['--endpoint-reconciler-type=none'] : []),
      `--cert-dir=${access.certificates}`,
      `--token-auth-file=${access.tokens}`,
      '--authorization-mode=RBAC',
      // Names of nodes are no names of hosts here.
      '--kubelet-preferred-address-types=InternalIP',
      '--allow-privileged=true',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${access.serviceAccountKey}`,
      `--service-account-key-file=${access.serviceAccountKey}`,
      `--service-cluster-ip-range=${SERVICE_ADDRESSES}`,
    ],
    isReady: () => succeeds(programs.kubectl, ['--kubeconfig', access.kubeconfig, 'get', '--raw', '/readyz']),
    startTimeoutMs: 180_000,
  });
}

function controllersProcess({ programs, ports, access }: ProcessSettings): ManagedProcess {
  return new ManagedProcess({
    name: 'kube-controller-manager',
    command: programs['kube-controller-manager'],
    args: [
      `--kubeconfig=${access.kubeconfig}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.controllers}`,
      '--leader-elect=false',
      '--use-service-account-credentials=true',
      // What an autoscaler says of its target is waited for: 15 s would be the longest wait of all.
      '--horizontal-pod-autoscaler-sync-period=1s',
      `--service-account-private-key-file=${access.serviceAccountKey}`,
      `--root-ca-file=${access.certificateAuthority}`,
    ],
    isReady: async () => true,
  });
}

function schedulerProcess({ programs, ports, access }: ProcessSettings): ManagedProcess {
  return new ManagedProcess({
    name: 'kube-scheduler',
    command: programs['kube-scheduler'],
    args: [
      `--kubeconfig=${access.kubeconfig}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.scheduler}`,
      '--leader-elect=false',
    ],
    isReady: async () => true,
  });
}

/** Stands in for the kubelets of nodes that do not exist: says that their pods run. */
export function kwokProcess({ programs, ports, access }: KwokSettings): ManagedProcess {
  return new ManagedProcess({
    name: 'kwok',
    command: programs.kwok,
    args: [
      `--kubeconfig=${access.kubeconfig}`,
      `--config=${STAGES}`,
      `--server-address=127.0.0.1:${ports.kwok}`,
      // Renews the leases of the nodes: one whose lease runs out is not ready any more.
      '--node-lease-duration-seconds=40',
      // Of all nodes, and so of pods on the network of theirs. RFC 5737: for documentation.
      '--node-ip=192.0.2.10',
      // A machine that real nodes join may have them beside the fake ones.
      '--manage-nodes-with-label-selector=type=kwok',
    ],
    isReady: () => answersOk(`http://127.0.0.1:${ports.kwok}/healthz`),
  });
}

function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => void execFile(command, args, (error) => resolve(error === null)));
}
