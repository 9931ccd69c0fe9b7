#!/bin/bash
# install-packages.sh PACKAGE...: installs the Debian packages that are missing, and says so. Where it cannot (not root,
# or not Debian), it says what is missing, and succeeds: what needs them says so again when it is skipped.
set -euo pipefail
missing=()
for package in "$@"; do
  dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null; then
  echo "Not Debian: please install what these packages hold, or what needs it is skipped: ${missing[*]}" >&2
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "Not root: these Debian packages are missing, and what needs them is skipped: ${missing[*]}" >&2
  exit 0
fi
echo "Installing Debian packages: ${missing[*]}"
# Debian's etcd-server would start a server of its own on the default port; we start ours where we need them
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
# another apt-get may be at work, as of a machine that looks for updates
wait=(-o DPkg::Lock::Timeout=300)
install() { apt-get "${wait[@]}" install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
install 2>/dev/null || { apt-get "${wait[@]}" update -qq && install; }
