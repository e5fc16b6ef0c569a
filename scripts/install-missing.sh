#!/bin/sh
# Installs what a fresh clone lacks, with a line of our own: npm itself prints nothing for a minute. Runs
# before `npm start` and `npm test` on whatever Node the machine has, so it is plain sh.
set -eu
cd "$(dirname "$0")/.."

[ -x node_modules/.bin/node ] && [ -e node_modules/.package-lock.json ] && exit 0

if ! command -v npm >/dev/null; then
  echo "npm is missing: it comes with Node 20 or later" >&2
  exit 2
fi
echo "installing dependencies, Node 26 among them: about a minute, once ..."
npm install --no-audit --no-fund --loglevel=error
