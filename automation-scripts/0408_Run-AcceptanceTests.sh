#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0402
# Description: Compare commands and their output with what the pages say
# Tags: tests, acceptance
set -euo pipefail
cd "$(dirname "$0")/.."

node --import tsx scripts/test.ts acceptance
