#!/usr/bin/env bash
# Stage: Prepare
# Dependencies: 0001
# Description: Install packages and build the bundles where they are missing or old
# Tags: environment, quick
set -euo pipefail
cd "$(dirname "$0")/.."

node scripts/setup.mjs
