/** Whether a node can have this name: a member of the datastore's JSON, and one of Kubernetes' Nodes, a DNS subdomain. */
export function isNodeName(text: string): boolean {
  return /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,251}[a-zA-Z0-9])?$/.test(text);
}
