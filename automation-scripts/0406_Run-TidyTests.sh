#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0002
# Description: Check layers, sizes, words, pages and generated files
# Tags: tests, tidy, quick
set -euo pipefail
cd "$(dirname "$0")/.."

node --import tsx scripts/test.ts tidy
