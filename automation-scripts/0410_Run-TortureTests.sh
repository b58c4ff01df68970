#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0408
# Description: Kill, cut off and fill up, then check every promise
# Tags: tests, torture
set -euo pipefail
cd "$(dirname "$0")/.."

node --import tsx scripts/test.ts torture
