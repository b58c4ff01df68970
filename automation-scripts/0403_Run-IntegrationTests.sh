#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0402
# Description: Run the real daemon with the real command line
# Tags: tests, integration
set -euo pipefail
cd "$(dirname "$0")/.."

node --import tsx scripts/test.ts integration
