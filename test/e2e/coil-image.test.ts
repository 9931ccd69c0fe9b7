import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { coilImage } from '../../tools/image/coil-image.ts';
import { imageArchive } from '../../tools/image/image-archive.ts';
import { baseManifests, DEPLOY } from '../deploy/manifests.ts';
import { type Built, built } from './built.ts';
import { startContainerd } from './containerd.ts';
import { compilePause } from './image.ts';
import { ImageContainers } from './image-container.ts';
import { Kubelet } from './kubelet.ts';
import { Machine } from './machine.ts';
import { containerdMissing } from './requirements.ts';

const skip = containerdMissing() ?? false;
const STORE = '--store=sqlite:/run/store/coil.db';

let dist: Built;
before(async () => {
  dist = await built();
});

test('the image is made of the same bytes each time', async () => {
  const digest = async () => {
    const hash = createHash('sha256');
    for (const piece of imageArchive(await coilImage(dirname(dist.hypercoil)))) hash.update(piece);
    return hash.digest('hex');
  };
  assert.equal(await digest(), await digest());
});

test('in containers of the image programs run unprivileged, and coild with what the DaemonSet gives it', {
  skip,
}, async (t) => {
  const pause = await compilePause();
  await using machine = await Machine.start(pause);
  // on hosts with systemd every mount is shared; kubelet relies on that
  await machine.run('sh', '-c', 'mount --make-shared /run && mkdir /run/coil /run/netns /run/store');
  await machine.run(dist.coilctl, STORE, 'pool', 'create', 'default', '10.77.0.0/24', '4');
  const netconf = await readFile(join(DEPLOY, 'base/netconf.json'), 'utf8');
  using containerd = await startContainerd(machine, { pause, coil: dist.coil, netconf });
  const containers = await ImageContainers.create(machine, dist);

  for (const program of ['hypercoil', 'coild', 'coilctl', 'coil-controller', 'coil-installer'])
    for (const path of [program, `/${program}`]) // as v1's manifests call it
      assert.equal(await containers.run(path, '--version'), `${program} ${manifest.version}\n`);

  const coild = containers.startCoild(await baseManifests(), [STORE], ['/run/store']);
  await coild.printed(/coild is listening/);
  const kubelet = new Kubelet(containerd.cri, machine.cgroup);
  try {
    const pod = await kubelet.run('web-0');
    assert.equal(pod.ip, '10.77.0.0');
    await kubelet.end(pod);
    await coild.printed(/"detached a Pod" addresses=\["10\.77\.0\.0"\]/);
  } catch (error) {
    t.diagnostic(coild.output);
    throw error;
  }
});
