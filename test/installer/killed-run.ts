/** killed-run.ts FOLDER install|uninstall NUMBER: a run on a node's folders that is killed at that call. */
import { killingFiles } from './killing-files.ts';
import { netconf, TestNode } from './test-node.ts';

const [folder = '', verb, number] = process.argv.slice(2);
const node = TestNode.at(folder);
const files = killingFiles(Number(number));
if (verb === 'install') await node.install({ plugin: 'newer', netconf: netconf('newer'), exclusive: true }, { files });
else await node.uninstall(files);
