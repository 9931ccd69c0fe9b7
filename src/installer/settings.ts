/** Where the node's folders are, as the installer sees them. */
export interface NodeFolders {
  /** Of network configurations: the node's /etc/cni/net.d. */
  readonly etcDir: string;
  /** Of plugins: the node's /opt/cni/bin. */
  readonly binDir: string;
}

/** What is to be on the node. */
export interface InstallSettings extends NodeFolders {
  /** Name of the network configuration in `etcDir`. */
  readonly confName: string;
  /** The network configuration, checked. */
  readonly netconf: Uint8Array;
  /** The executable to install as the plugin. */
  readonly pluginSource: string;
  /** Whether the configurations of other CNI plugins are moved aside. */
  readonly exclusive: boolean;
  /** Keys of the taints to take away from the Node. */
  readonly taintKeys: readonly string[];
}
