#!/usr/bin/env bash
# Installs Debian's Chromium if there is none. The demonstrations that need a browser run this first.
set -euo pipefail
command -v chromium > /dev/null && exit
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium > /dev/null
