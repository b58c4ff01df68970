#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0002
# Description: Run the tests that stand beside the code
# Tags: tests, unit, quick
set -euo pipefail
cd "$(dirname "$0")/.."

node --import tsx scripts/test.ts unit
