#!/bin/bash
# build-kube.sh [PROGRAM...]: Kubernetes' own programs (default kube-apiserver), built from Debian's source package with
# Debian's Go, since Debian has no package of them. They come to ${COIL_KUBE_CACHE:-/var/cache/coil-kube}/bin, and are
# built once; what is there already is left alone. Needs Debian, and root for golang-go where that is not installed.
# Sources and Go's cache, 1.5 GB, stay in …/build for further programs; they may be deleted.
set -euo pipefail
programs=("$@")
((${#programs[@]})) || programs=(kube-apiserver)
cache=${COIL_KUBE_CACHE:-/var/cache/coil-kube}
work=$cache/build
tree=$work/gopath/src/k8s.io/kubernetes

lacking() {
  local program
  for program in "${programs[@]}"; do
    [ -x "$cache/bin/$program" ] || echo "$program"
  done
}

# a list of sources of our own: the machine's configuration of apt stays as it is
fetch_source() {
  local apt=$work/apt
  mkdir -p "$apt/lists/partial"
  if [ -e /etc/apt/sources.list.d/debian.sources ]; then
    sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >"$apt/debian.sources"
  else
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$apt/debian.list"
  fi
  local options=(-qq -o APT::Sandbox::User=root -o "Dir::Etc::SourceParts=$apt" -o Dir::Etc::SourceList=/dev/null -o "Dir::State::Lists=$apt/lists")
  (
    cd "$work"
    apt-get "${options[@]}" update
    apt-get "${options[@]}" source --download-only kubernetes
    # of a run that was interrupted
    rm -rf unpacked
    mkdir unpacked
    tar xzf kubernetes_*.orig.tar.gz -C unpacked --strip-components=1
    mkdir -p "$(dirname "$tree")"
    mv unpacked "$tree"
  )
}

# the tables of the API's types that every API server serves are not in the source package
generate_openapi() {
  local types
  types=$(grep -rl --include='*.go' -E '^// \+k8s:openapi-gen=true' staging/src/k8s.io pkg |
    grep -vE 'testdata|code-generator|sample-' | xargs -n1 dirname | sort -u |
    sed -e 's#^staging/src/#k8s.io/kubernetes/vendor/#' -e 's#^pkg/#k8s.io/kubernetes/pkg/#' | paste -sd,)
  go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  "$work/openapi-gen" --go-header-file hack/boilerplate/boilerplate.generatego.txt --input-dirs "$types" \
    --output-package k8s.io/kubernetes/pkg/generated/openapi --output-file-base zz_generated.openapi \
    --report-filename "$work/openapi-violations.txt"
}

build() {
  export GOPATH=$work/gopath GOCACHE=$work/gocache GO111MODULE=off GOFLAGS='' CGO_ENABLED=0
  local version package=k8s.io/component-base/version program
  version=$(echo "$work"/kubernetes_*.orig.tar.gz | sed -E 's/.*kubernetes_([0-9.]+).*/\1/')
  cd "$tree"
  if [ ! -e "$work/openapi-generated" ]; then
    generate_openapi
    touch "$work/openapi-generated"
  fi
  local major=${version%%.*} minor=${version#*.}
  for program in $(lacking); do
    go build -ldflags "-s -w -X $package.gitVersion=v$version -X $package.gitMajor=$major -X $package.gitMinor=${minor%%.*}" \
      -o "$cache/bin/.$program.new" "./cmd/$program"
    mv "$cache/bin/.$program.new" "$cache/bin/$program"
  done
}

[ -n "$(lacking)" ] || exit 0
command -v apt-get >/dev/null || { echo 'Not Debian: the source package of Kubernetes cannot be had' >&2; exit 1; }
mkdir -p "$cache/bin" "$work" || { echo "Set COIL_KUBE_CACHE to a folder that you can write to" >&2; exit 1; }
exec 9>"$work/lock"
flock --wait 1800 9
missing=$(lacking | xargs)
[ -n "$missing" ] || exit 0
echo "Building $missing of Kubernetes into $cache/bin; once, about 4 minutes on two cores, and 6 for all programs"
if ! command -v go >/dev/null; then
  "$(dirname "$0")/../../tools/install-packages.sh" golang-go
  command -v go >/dev/null || exit 1
fi
started=$SECONDS
renice -n 19 $$ >/dev/null
[ -d "$tree" ] || fetch_source
(build)
echo "Built $missing in $((SECONDS - started)) seconds"
