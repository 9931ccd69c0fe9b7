/** What each part of the cluster says at one time; addresses and prefixes are text. */
export interface Observed {
  readonly pods: readonly ObservedPod[];
  /** Of Pods in the network of their node. */
  readonly hostNetworkUids: readonly string[];
  /** Pods that neither run nor have ended, or are being deleted: `web-0 is Pending`. */
  readonly unsettled: readonly string[];
  readonly blocks: readonly ObservedBlock[];
  /** Nodes by the blocks that the datastore's fence says are theirs. */
  readonly owners: ReadonlyMap<string, string>;
  /** In blocks that nodes have. */
  readonly addresses: readonly ObservedAddress[];
  /** Addresses in blocks that no node has: what their keys are behind `ip/`. */
  readonly strays: readonly string[];
  readonly nodes: readonly ObservedNode[];
}

/** A Pod that runs, as the API server has it. */
export interface ObservedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly ip: string;
}

export interface ObservedBlock {
  readonly pool: string;
  readonly block: string;
  readonly node: string;
}

/** An address that is assigned, as the datastore has it. */
export interface ObservedAddress {
  readonly ip: string;
  readonly block: string;
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string | undefined;
}

export interface ObservedNode {
  readonly name: string;
  readonly address: string;
  /** Those that run, as containerd has them. */
  readonly sandboxes: readonly ObservedSandbox[];
  /** Links of Pods, as the kernel has them. */
  readonly links: readonly { readonly name: string; readonly alias: string | undefined }[];
  /** Through links of Pods, in the main table. */
  readonly podRoutes: readonly { readonly dst: string; readonly dev: string }[];
  /** What table 119 has of protocol 30. */
  readonly exported: readonly string[];
  /** What BIRD has put in the main table, but for the node's own blocks. */
  readonly learnt: readonly string[];
}

export interface ObservedSandbox {
  readonly id: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** What the runtime says. */
  readonly ip: string;
  /** What eth0 has, in its namespace. */
  readonly addresses: readonly string[];
}
