#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0402
# Description: Run the engine against two thousand seeds of trouble
# Tags: tests, simulation
set -euo pipefail
cd "$(dirname "$0")/.."

node --import tsx scripts/test.ts simulation
