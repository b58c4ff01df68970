#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0002
# Description: Lint all sources with types
# Tags: static, quick
set -euo pipefail
cd "$(dirname "$0")/.."

node_modules/.bin/oxlint --type-aware --deny-warnings
