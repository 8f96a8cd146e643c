#!/bin/sh
# The example shop's merchant, made once. What the shop has to know stays in its own volume.
set -eu
umask 077
keys=${SHOP_KEYS:-/shop/keys}
[ ! -e "$keys" ] || exit 0
python -m api.merchant create "Tea & Boots" --json \
    --webhook "${SHOP_WEBHOOK_URL:-http://shop:8820/webhooks}" >"$keys.json"
python -c '
import json, sys
made = json.load(sys.stdin)
print("export DANBAO_API_KEY=" + made["api_key"])
print("export SHOP_WEBHOOK_SECRETS=" + made["webhook_secret"])
' <"$keys.json" >"$keys.new"
# All of it or nothing: a shop that finds the file can open.
mv "$keys.new" "$keys"
rm "$keys.json"
