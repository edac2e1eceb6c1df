#!/bin/sh
# Gives a fresh clone its packages, then runs a command of the stack with the project's own Node:
#   sh stack/bootstrap.sh COMMAND [ARGUMENT ...]
set -eu
cd "$(dirname "$0")/.."

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "· Fetching the npm packages, which takes about a minute" >&2
  # Not `npm ci`: it refuses a lock file from which a registry without builds for other systems has left those out.
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error >&2
  # Puts Deno itself in the place of its wrapper, which would keep signals to itself.
  node node_modules/deno/install.cjs
  touch node_modules/.package-lock.json
fi
export PATH="$PWD/node_modules/.bin:$PATH"

major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 24 ]; then
  echo "Node 24 is needed. Its npm package has no build for this machine; install Node 24 and try again." >&2
  exit 1
fi
exec node stack/main.ts "$@"
