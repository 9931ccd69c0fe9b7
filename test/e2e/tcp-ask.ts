/** Connects to a TCP port, and prints what it is answered: `tcp-ask.ts HOST PORT`. Fails where that takes over 3 s. */
import { connect } from 'node:net';

const [host, port] = process.argv.slice(2);
const socket = connect({ host: host!, port: Number(port) });

socket.setTimeout(3000, () => socket.destroy(new Error(`no answer from ${host}:${port}`)));
for await (const chunk of socket) process.stdout.write(chunk);
