#!/usr/bin/env bash
# Builds the real binaries of the test bed from their Go modules into ${1:-~/.cache/tokmeter-testbed}: bin/ and crds/.
# Needs Go >= 1.26.7. Cold: about 30 minutes on 2 cores (kube-apiserver 6, Prometheus 7, Prometheus 2 5, operator 5, kwok 4, etcd 1, collector 6), 14 GB of module and build cache; then nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
OUT=${1:-$HOME/.cache/tokmeter-testbed}; mkdir -p "$OUT/bin" "$OUT/crds"; OUT=$(cd "$OUT" && pwd)
KUBERNETES=v1.34.4 ETCD=v3.6.5 KWOK=v0.8.0 PROMETHEUS=v0.316.0 OPERATOR=v0.85.0 ENVOY_GATEWAY=v1.8.0 GATEWAY_API=v1.4.1 COLLECTOR=v0.165.0     # Prometheus v0.N.P is release 3.(N-300).P
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
dir_of() { go mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p'; }

# a wrapper module that requires one main package; $4: extra go.mod lines, because the replaces of a dependency are not inherited
binary() { # name module@version package ldflags extra
  local name=$1 module=${2%@*} version=${2#*@} package=$3
  test -x "$OUT/bin/$name" && test "$(cat "$OUT/bin/.$name" 2>/dev/null)" = "$version" && return
  echo "building $name $version"; mkdir "$work/$name"; cd "$work/$name"
  printf 'module testbed\ngo 1.26.0\nrequire %s %s\n%s\n' "$module" "$version" "${5:-}" > go.mod
  printf '//go:build tools\n\npackage tools\n\nimport _ "%s"\n' "$package" > tools.go
  go mod tidy 2>&1 | grep -v '^go: \(downloading\|finding\|found\)' || true
  go build -trimpath -ldflags "-s -w $4" -o "$OUT/bin/$name" "$package"; echo "$version" > "$OUT/bin/.$name"
}
# k8s.io/kubernetes names its staging modules at v0.0.0: each lives under its own path as v0.N.P
staging=$(sed -n 's/^\s*\(k8s.io\/[a-z-]*\) v0.0.0$/\1/p' "$(dir_of k8s.io/kubernetes@$KUBERNETES)/go.mod" | sort -u | sed "s/.*/replace & => & v0.${KUBERNETES#v1.}/")
V=k8s.io/component-base/version; minor=${KUBERNETES#v1.}; minor=${minor%.*}
binary etcd           go.etcd.io/etcd/server/v3@$ETCD                               go.etcd.io/etcd/server/v3                                              ""
binary kube-apiserver k8s.io/kubernetes@$KUBERNETES                                 k8s.io/kubernetes/cmd/kube-apiserver "-X $V.gitVersion=$KUBERNETES -X $V.gitMajor=1 -X $V.gitMinor=$minor" "$staging"
binary kwok           sigs.k8s.io/kwok@$KWOK                                        sigs.k8s.io/kwok/cmd/kwok                                              ""
binary prometheus     github.com/prometheus/prometheus@$PROMETHEUS                  github.com/prometheus/prometheus/cmd/prometheus "-X github.com/prometheus/common/version.Version=3.$((${PROMETHEUS:3:3}-300)).${PROMETHEUS##*.}"
klog='replace (
 k8s.io/klog => github.com/simonpasquier/klog-gokit v0.3.0
 k8s.io/klog/v2 => github.com/simonpasquier/klog-gokit/v3 v3.5.0
)'
binary prometheus2    github.com/prometheus/prometheus@v0.55.1                      github.com/prometheus/prometheus/cmd/prometheus "-X github.com/prometheus/common/version.Version=2.55.1" "$klog"
binary promtool       github.com/prometheus/prometheus@$PROMETHEUS                  github.com/prometheus/prometheus/cmd/promtool                          ""
binary operator       github.com/prometheus-operator/prometheus-operator@$OPERATOR  github.com/prometheus-operator/prometheus-operator/cmd/operator "-X github.com/prometheus/common/version.Version=${OPERATOR#v}"
# a yardstick for exposition parsers: Prometheus's own, timed (promparse FILE)
test -x "$OUT/bin/promparse" || { cp -r "$here/promparse" "$work/"; cd "$work/promparse"; printf 'module promparse\ngo 1.26.0\nrequire github.com/prometheus/prometheus %s\n' $PROMETHEUS > go.mod
  go mod tidy 2>&1 | grep -v '^go: \(downloading\|finding\|found\)' || true; go build -o "$OUT/bin/promparse" .; }
# the OpenTelemetry Collector with what a chart's configuration names: its own builder writes the main package
core=go.opentelemetry.io/collector contrib=github.com/open-telemetry/opentelemetry-collector-contrib
list() { printf '%s:\n' "$1"; shift; printf "  - gomod: %s $COLLECTOR\n" "$@"; }
test -x "$OUT/bin/otelcol" && test "$(cat "$OUT/bin/.otelcol" 2>/dev/null)" = "$COLLECTOR" || { echo "building otelcol $COLLECTOR"; mkdir "$work/otelcol"; cd "$work/otelcol"
  { printf 'dist: {name: otelcol, output_path: %s, version: %s}\n' "$work/otelcol/out" "${COLLECTOR#v}"
    list receivers $core/receiver/otlpreceiver $contrib/receiver/prometheusreceiver
    list processors $core/processor/batchprocessor $core/processor/memorylimiterprocessor $contrib/processor/resourceprocessor
    list exporters $core/exporter/debugexporter $core/exporter/otlphttpexporter $contrib/exporter/prometheusremotewriteexporter
    list extensions $contrib/extension/healthcheckextension; } > builder.yaml
  go run $core/cmd/builder@$COLLECTOR --config builder.yaml --ldflags "-s -w" 2>&1 | grep -v '^go: \(downloading\|finding\|found\)' || true
  cp out/otelcol "$OUT/bin/otelcol"; echo $COLLECTOR > "$OUT/bin/.otelcol"; }
cp "$(dir_of sigs.k8s.io/kwok@$KWOK)"/kustomize/crd/bases/*.yaml "$OUT/crds/"
cp "$(dir_of github.com/prometheus-operator/prometheus-operator@$OPERATOR)"/example/prometheus-operator-crd/*.yaml "$OUT/crds/"
cp "$(dir_of github.com/envoyproxy/gateway@$ENVOY_GATEWAY)"/charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_*.yaml "$OUT/crds/"
cp "$(dir_of sigs.k8s.io/gateway-api@$GATEWAY_API)"/config/crd/standard/gateway.networking.k8s.io_*.yaml "$OUT/crds/"
chmod u+w "$OUT"/crds/*; ls "$OUT/bin"
