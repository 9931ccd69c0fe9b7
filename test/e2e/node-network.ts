import type { Machine } from './machine.ts';

/** A route as `ip -json route` shows it; the members that the tests look at. */
interface IpRoute {
  readonly dst: string;
  readonly dev: string;
  readonly table?: string;
  readonly protocol?: string;
  readonly scope?: string;
}

/** The routes of a node's main table through a link: their destinations and scopes. */
export async function routesThrough(machine: Machine, dev: string): Promise<object[]> {
  const routes = await allRoutes(machine);
  return routes.filter((route) => route.dev === dev && !route.table).map(({ dst, scope }) => ({ dst, scope }));
}

/** What a routing daemon would advertise. */
export async function exportedRoutes(machine: Machine): Promise<object[]> {
  const routes = await allRoutes(machine);
  return routes.filter(({ table }) => table === '119').map(({ dst, dev, protocol }) => ({ dst, dev, protocol }));
}

/** The names of a node's links. */
export async function links(machine: Machine): Promise<string[]> {
  const found: { ifname: string }[] = JSON.parse(await machine.run('ip', '-json', 'link', 'show'));
  return found.map(({ ifname }) => ifname);
}

/** Of all tables: where there is no route in a table, asking for that table alone is an error. */
async function allRoutes(machine: Machine): Promise<IpRoute[]> {
  return JSON.parse(await machine.run('ip', '-4', '-json', 'route', 'show', 'table', 'all'));
}
