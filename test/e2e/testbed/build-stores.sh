#!/usr/bin/env bash
# Builds the stores that speak like Prometheus from their Go modules into ${1:-~/.cache/tokmeter-testbed}/bin, for usage-stores.test.ts: thanos, mimir.
# Needs Go >= 1.26.1. Cold: about 10 minutes each on 2 cores. VictoriaMetrics and Prometheus 2.42 are Debian's packages victoria-metrics and prometheus.
set -euo pipefail
OUT=${1:-$HOME/.cache/tokmeter-testbed}; shift || true; mkdir -p "$OUT/bin"; OUT=$(cd "$OUT" && pwd)
THANOS=v0.42.0 MIMIR=v1.3.1-0.20260423142704-aced80d74930     # the module version of Mimir's release 3.0.5
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

# a wrapper module that requires one main package and repeats the replaces of its go.mod, which are not inherited
store() { # name module@version ldflags tags
  local name=$1 module=${2%@*} version=${2#*@} dir
  test -x "$OUT/bin/$name" && test "$(cat "$OUT/bin/.$name" 2>/dev/null)" = "$version" && return
  echo "building $name $version"; mkdir "$work/$name"; cd "$work/$name"
  dir=$(go mod download -json "$module@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  printf 'module testbed\ngo 1.26.0\nrequire %s %s\n' "$module" "$version" > go.mod
  { sed -n '/^replace (/,/^)/p' "$dir/go.mod"; grep '^replace [^(]' "$dir/go.mod" || true; } >> go.mod
  printf '//go:build tools\n\npackage tools\n\nimport _ "%s/cmd/%s"\n' "$module" "$name" > tools.go
  go mod tidy 2>&1 | grep -v '^go: \(downloading\|finding\|found\)' || true
  go build -trimpath -tags "$4" -ldflags "-s -w $3" -o "$OUT/bin/$name" "$module/cmd/$name"; echo "$version" > "$OUT/bin/.$name"
}
wanted=("${@:-}"); want() { test -z "${wanted[0]}" || printf '%s\n' "${wanted[@]}" | grep -qx "$1"; }
want thanos && store thanos github.com/thanos-io/thanos@$THANOS "-X github.com/prometheus/common/version.Version=${THANOS#v}" slicelabels  # without the tag it crashes: it casts label sets
want mimir && store mimir github.com/grafana/mimir@$MIMIR "-X github.com/grafana/mimir/pkg/util/version.Version=3.0.5" netgo
ls "$OUT/bin"
