/** Where the control plane is, and the router between the nodes: as docs/operations.md has it. */
export const CONTROL_ADDRESS = '192.0.2.254';
export const NODE_PREFIX = 24;
/** Of the Service `kubernetes`, and where the API server listens too: there is no kube-proxy. */
export const API_SERVICE_ADDRESS = '10.96.0.1';
export const SERVICE_SUBNET = '10.96.0.0/24';
export const API_PORT = 443;

/** `192.0.2.1` of node1. */
export function nodeAddress(index: number): string {
  return `192.0.2.${index}`;
}
