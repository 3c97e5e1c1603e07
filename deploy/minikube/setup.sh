#!/usr/bin/env bash
# Holdfast on minikube, from a checkout to an open app:
#
#   deploy/minikube/setup.sh            starts minikube if it does not run, builds the image, installs or upgrades, tests
#   deploy/minikube/setup.sh --delete   removes the release; its volume and its Secrets stay
#
# Needs minikube, kubectl, helm and docker on the path. Settings: PROFILE (minikube), NAMESPACE (holdfast), RELEASE (holdfast),
# and whatever follows -- goes to helm, for example: setup.sh -- --set settings.SIGNUP=invite
set -euo pipefail
cd "$(dirname "$0")/../.."

profile=${PROFILE:-minikube}
namespace=${NAMESPACE:-holdfast}
release=${RELEASE:-holdfast}
chart=deploy/helm/holdfast

for program in minikube kubectl helm docker; do
  command -v "$program" >/dev/null || {
    echo "setup: $program is not installed." >&2
    exit 1
  }
done

# Never whatever cluster kubectl happens to point at.
kube=(kubectl --context "$profile" --namespace "$namespace")
helm=(helm --kube-context "$profile" --namespace "$namespace")

if [ "${1:-}" = --delete ]; then
  "${helm[@]}" uninstall "$release" --wait
  exit
fi
[ "${1:-}" != -- ] || shift

minikube status --profile "$profile" >/dev/null 2>&1 || minikube start --profile "$profile" --cpus=2 --memory=4096

# A tag that is never the same twice: an upgrade replaces the pods when, and only when, the image changed.
docker build --quiet --tag holdfast:minikube . >/dev/null
tag=$(docker image inspect --format '{{.Id}}' holdfast:minikube | cut -d: -f2 | cut -c1-12)
docker tag holdfast:minikube "holdfast:$tag"
minikube image load --profile "$profile" "holdfast:$tag"

"${helm[@]}" upgrade --install "$release" "$chart" --create-namespace --values "$chart/values-minikube.yaml" \
  --set-string "image.tag=$tag" --wait --timeout 5m "$@"
"${helm[@]}" test "$release"
"${kube[@]}" get pods

service=$release
case $release in *holdfast*) ;; *) service=$release-holdfast ;; esac
echo
echo "To open it:  ${kube[*]} port-forward service/$service 8787:80"
echo "and then http://127.0.0.1:8787"
