#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0408
# Description: Type into a real terminal and read its screen
# Tags: tests, terminal
set -euo pipefail
cd "$(dirname "$0")/.."

node --import tsx scripts/test.ts tui
