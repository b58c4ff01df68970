#!/usr/bin/env bash
# Stage: Build
# Dependencies: 0404
# Description: Bundle the command line, the daemon and the client
# Tags: build
set -euo pipefail
cd "$(dirname "$0")/.."

node --import tsx scripts/build.ts
