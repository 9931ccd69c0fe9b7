import { POD_IMAGE } from './images.ts';

/** The machine's own may lead to a file below its /run. */
export const RESOLV_CONF = '/etc/kubernetes/resolv.conf';
/** What each container is made of. */
export const CONTAINER_SPEC = '/etc/containerd/container.json';

/** Paths are containerd's own, and so are the folders of CNI. */
export function containerdConfig(): string {
  // restrict_oom_score_adj: where the tests have no CAP_SYS_RESOURCE, the score may not be lowered
  return `version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${POD_IMAGE}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
base_runtime_spec = "${CONTAINER_SPEC}"
`;
}

/** @param cgroup of all that it runs: other kubelets are on the same kernel */
export function kubeletConfig(cgroup: string): string {
  // YAML reads JSON
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroup,
    enforceNodeAllocatable: [],
    // the disks are those of a machine on which others work too
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    failSwapOn: false,
    maxPods: 250,
    // as Kubernetes 1.27 and newer have them: 5 and 10 made 50 Pods wait for each other
    kubeAPIQPS: 50,
    kubeAPIBurst: 100,
    // it tells that it is ready at the next look: every 10 s is its default
    nodeStatusUpdateFrequency: '2s',
    nodeStatusReportFrequency: '5m',
    resolvConf: RESOLV_CONF,
    // by default a folder in /usr, which is the host's
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
  });
}
