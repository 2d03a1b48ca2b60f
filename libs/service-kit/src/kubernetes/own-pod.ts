// What a process may tell Kubernetes of the pod that it runs in.

/** The port; `ClusterPod` is what Kubernetes is behind, and tests have their own. */
export interface OwnPod {
  /** Sets an annotation. @throws when Kubernetes does not take it in time */
  annotate(name: string, value: string): Promise<void>;
}
